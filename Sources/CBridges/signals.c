#define _GNU_SOURCE
#include "signal_bridge.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static volatile sig_atomic_t noted, is_checkpoint_wanted;
static int depth;
static const int caught[] = {SIGINT, SIGTERM, SIGHUP};
enum { COUNT = sizeof caught / sizeof *caught };
static struct sigaction earlier[COUNT], earlier_pipe, earlier_user;

static void note(int signal) {
    if (noted) _exit(128 + signal);
    noted = signal;
}

static void note_checkpoint(int signal) {
    (void)signal;
    is_checkpoint_wanted = 1;
}

void concord_signals_catch(void) {
    if (depth++ > 0) return;
    noted = is_checkpoint_wanted = 0;
    struct sigaction request = {.sa_handler = note_checkpoint, .sa_flags = SA_RESTART};
    sigemptyset(&request.sa_mask);
    struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART}, ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&action.sa_mask);
    sigset_t wanted;  // a parent that blocks them (a thread pool's worker does) handed that down to this process
    sigemptyset(&wanted);
    for (size_t i = 0; i < COUNT; i++) {
        sigaction(caught[i], NULL, &earlier[i]);
        if (caught[i] == SIGHUP && earlier[i].sa_handler == SIG_IGN) continue;  // nohup: the run outlives its terminal
        sigaddset(&wanted, caught[i]);
        sigaction(caught[i], &action, NULL);
    }
    sigaddset(&wanted, SIGUSR1);
    sigaction(SIGUSR1, &request, &earlier_user);
    sigaction(SIGPIPE, &ignore, &earlier_pipe);  // who listens to the progress may go; the work goes on
    pthread_sigmask(SIG_UNBLOCK, &wanted, NULL);
}

void concord_signals_release(void) {
    if (--depth > 0) return;
    for (size_t i = 0; i < COUNT; i++) sigaction(caught[i], &earlier[i], NULL);
    sigaction(SIGUSR1, &earlier_user, NULL);
    sigaction(SIGPIPE, &earlier_pipe, NULL);
    noted = is_checkpoint_wanted = 0;
}

int concord_signals_noted(void) { return noted; }

int concord_signals_take_checkpoint_request(void) {
    if (!is_checkpoint_wanted) return 0;
    is_checkpoint_wanted = 0;
    return 1;
}
