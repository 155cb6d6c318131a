#define _GNU_SOURCE
#include "thread_bridge.h"

#include <pthread.h>
#include <sched.h>
#include <stddef.h>

static _Thread_local void *current;
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static void (*_Atomic releaser)(void *);

static void at_thread_end(void *context) {
    current = NULL;
    void (*release)(void *) = releaser;
    if (release) release(context);
}

static void make_key(void) { pthread_key_create(&key, at_thread_end); }

void *concord_thread_context(void) { return current; }

void concord_set_thread_context(void *context, void (*release)(void *)) {
    pthread_once(&once, make_key);
    releaser = release;
    current = context;
    pthread_setspecific(key, context);
}

void concord_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

int concord_affinity_count(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    int count = CPU_COUNT(&set);
    return count > 0 ? count : 1;
}
