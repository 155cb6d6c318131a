#define _GNU_SOURCE
#include "CStartup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

// OpenBLAS starts its threads and takes 128 MiB for each in its constructor, before main, and tries for ever where mmap
// fails. libgomp and glibc read their variables there too. The only code of a program that runs earlier is what
// .preinit_array lists, so the limits are checked and the environment is set here, and the process restarts with it.
// Executables alone may have that section: this target belongs to the command line and is no part of the library.

enum { MIB = 1 << 20 };

// Measured (Debian 12, Swift 6.3): OpenBLAS's buffer, the libraries' heaps, and 64 MiB to work with.
static const unsigned long long base_bytes = 272ull * MIB;
// A thread's stack comes on top.
static const unsigned long long thread_bytes = 16ull * MIB;
// Loader threads that decode ahead.
static const unsigned long long loader_threads = 2;

static unsigned long long mapped_bytes(void) {
    char text[64];
    const int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    const ssize_t count = read(file, text, sizeof text - 1);
    close(file);
    if (count <= 0) return 0;
    text[count] = 0;
    return strtoull(text, NULL, 10) * (unsigned long long)sysconf(_SC_PAGESIZE);
}

static const char *value_of(char **environment, const char *name) {
    const size_t length = strlen(name);
    for (; *environment; environment++) {
        if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=') return *environment + length + 1;
    }
    return NULL;
}

static unsigned long long thread_count(char **environment) {
    const char *given = value_of(environment, "OMP_NUM_THREADS");
    const long wanted = given ? strtol(given, NULL, 10) : 0;
    const long there = sysconf(_SC_NPROCESSORS_ONLN);
    const long count = wanted > 0 ? wanted : there;
    return count < 1 ? 1 : count > 1024 ? 1024 : (unsigned long long)count;
}

static unsigned long long stack_bytes(void) {
    struct rlimit stack;
    const unsigned long long usual = 8ull * MIB;
    if (getrlimit(RLIMIT_STACK, &stack) != 0 || stack.rlim_cur == RLIM_INFINITY) return usual;
    return stack.rlim_cur;
}

// Of a process that a launcher (mpirun, srun) started with others; NULL of one alone.
static const char *rank_of(char **environment) {
    const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK"};
    const char *rank = NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names && !rank; i++) rank = value_of(environment, names[i]);
    return rank;
}

static void require(unsigned long long limit, const char *name, const char *option, char **environment) {
    const unsigned long long threads = thread_count(environment), mapped = mapped_bytes();
    const unsigned long long need = mapped + base_bytes + (threads + loader_threads) * (stack_bytes() + thread_bytes);
    if (limit >= need) return;
    const char *rank = rank_of(environment);
    if (rank && strcmp(rank, "0") != 0) sleep(3);  // where rank 0 fails too, its line is the one
    char line[400];
    const int length = snprintf(
        line, sizeof line,
        "Error: %s%.20s%sthe limit on %s is %llu MiB (%s), and %llu MiB are needed to start with %llu thread%s; raise "
        "the limit%s\n",
        rank ? "rank " : "", rank ? rank : "", rank ? ": " : "", name, limit / MIB, option, (need + MIB - 1) / MIB,
        threads, threads == 1 ? "" : "s",
        threads > 1 ? ", or set OMP_NUM_THREADS to fewer" : "");
    if (length > 0 && write(STDERR_FILENO, line, (size_t)length) < 0) _exit(1);
    _exit(1);
}

// Returns whether the environment changed.
static bool set(char **environment, size_t *count, const char *name, char *assignment) {
    const size_t length = strlen(name);
    for (size_t i = 0; i < *count; i++) {
        if (strncmp(environment[i], name, length) == 0 && environment[i][length] == '=') {
            if (strcmp(environment[i], assignment) == 0) return false;
            environment[i] = assignment;
            return true;
        }
    }
    environment[(*count)++] = assignment;
    return true;
}

// Recursive readers (YAML, libjpeg's tables, Swift's own conversions) need a stack of usual size.
static void require_stack(void) {
    struct rlimit stack;
    const rlim_t least = 1 * MIB;
    if (getrlimit(RLIMIT_STACK, &stack) != 0 || stack.rlim_cur >= least) return;
    if (stack.rlim_max == RLIM_INFINITY || stack.rlim_max >= least) {
        stack.rlim_cur = least;
        if (setrlimit(RLIMIT_STACK, &stack) == 0) return;
    }
    static const char line[] = "Error: the limit on the stack is below 1 MiB (ulimit -s); raise it\n";
    if (write(STDERR_FILENO, line, sizeof line - 1) < 0) _exit(1);
    _exit(1);
}

static void start(int argc, char **argv, char **environment) {
    (void)argc;
    require_stack();
    struct rlimit addresses, data;
    const bool is_limited = getrlimit(RLIMIT_AS, &addresses) == 0 && addresses.rlim_cur != RLIM_INFINITY;
    if (is_limited) require(addresses.rlim_cur, "address space", "ulimit -v", environment);
    if (getrlimit(RLIMIT_DATA, &data) == 0 && data.rlim_cur != RLIM_INFINITY)
        require(data.rlim_cur, "data", "ulimit -d", environment);

    size_t count = 0;
    while (environment[count]) count++;
    if (count > 100000) return;
    char *changed[count + 4];
    memcpy(changed, environment, count * sizeof *changed);
    bool is_changed = set(
        changed, &count, "OPENBLAS_NUM_THREADS", "OPENBLAS_NUM_THREADS=1");  // our loops call it from libgomp's threads
    if (!value_of(environment, "GOMP_SPINCOUNT") && !value_of(environment, "OMP_WAIT_POLICY")) {
        is_changed |=
            set(changed, &count, "GOMP_SPINCOUNT",
                "GOMP_SPINCOUNT=2000");  // a service sets it itself: see ShortWaits in concord-bench
    }
    // glibc reserves 64 MiB of addresses for each thread that allocates.
    if (is_limited && !value_of(environment, "MALLOC_ARENA_MAX")) {
        is_changed |= set(changed, &count, "MALLOC_ARENA_MAX", "MALLOC_ARENA_MAX=2");
    }
    changed[count] = NULL;
    if (is_changed) execve("/proc/self/exe", argv, changed);  // returns only where it cannot: then waits are long
}

__attribute__((section(".preinit_array"), used)) static void (*const hook)(int, char **, char **) = start;

void concord_startup_link(void) {}

bool concord_flush_streams(void) {
    fflush(stderr);
    const bool has_failed = ferror(stdout);
    errno = 0;
    return fflush(stdout) == 0 && !has_failed;
}
