#define _GNU_SOURCE
#include "CBridgesSignals.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static volatile sig_atomic_t noted;
static int depth;
static struct sigaction earlier[2];
static const int caught[2] = {SIGINT, SIGTERM};

static void note(int signal) {
    if (noted) _exit(128 + signal);
    noted = signal;
}

void concord_signals_catch(void) {
    if (depth++ > 0) return;
    noted = 0;
    struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigset_t wanted;  // a parent that blocks them (a thread pool's worker does) handed that down to this process
    sigemptyset(&wanted);
    for (size_t i = 0; i < 2; i++) {
        sigaddset(&wanted, caught[i]);
        sigaction(caught[i], &action, &earlier[i]);
    }
    pthread_sigmask(SIG_UNBLOCK, &wanted, NULL);
}

void concord_signals_release(void) {
    if (--depth > 0) return;
    for (size_t i = 0; i < 2; i++) sigaction(caught[i], &earlier[i], NULL);
    noted = 0;
}

int concord_signals_noted(void) { return noted; }
