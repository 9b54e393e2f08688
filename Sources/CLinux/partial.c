#include "clinux.h"
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SLOTS = 1024 };

static _Atomic(char *) partial[SLOTS];

/* The signal may come after a change of directory, so a relative path is completed when it is noted. */
static char *absolute(const char *path) {
    char folder[PATH_MAX];
    if (path[0] == '/' || !getcwd(folder, sizeof folder)) return strdup(path);
    char *whole = NULL;
    return asprintf(&whole, "%s/%s", folder, path) < 0 ? NULL : whole;
}

int moby_partial_add(const char *path) {
    char *copy = absolute(path);
    if (!copy) return -1;
    for (int slot = 0; slot < SLOTS; slot++) {
        char *empty = NULL;
        if (atomic_compare_exchange_strong(&partial[slot], &empty, copy)) return slot;
    }
    free(copy);
    return -1;
}

void moby_partial_remove(int slot) {
    if (slot >= 0 && slot < SLOTS) free(atomic_exchange(&partial[slot], NULL));
}

void moby_partial_unlink_all(void) {
    for (int slot = 0; slot < SLOTS; slot++) {
        char *path = atomic_exchange(&partial[slot], NULL);
        /* The copy is leaked on purpose: free(3) is not async-signal-safe. */
        if (path) unlink(path);
    }
}

static void unlink_and_die(int number) {
    moby_partial_unlink_all();
    moby_erase_drawn();
    /* SA_RESETHAND put the default action back; it is delivered when this handler returns. */
    raise(number);
}

void moby_partial_unlink_on_signals(void) {
    /* SIGPIPE has a handler of its own, broken_pipe.c. */
    const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXCPU, SIGXFSZ};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct sigaction now;
        /* A signal that the parent made us ignore (nohup) stays ignored. */
        if (sigaction(numbers[i], NULL, &now) == 0 && now.sa_handler == SIG_IGN) continue;
        struct sigaction action = {.sa_handler = unlink_and_die, .sa_flags = SA_RESETHAND};
        sigemptyset(&action.sa_mask);
        sigaction(numbers[i], &action, NULL);
    }
}
