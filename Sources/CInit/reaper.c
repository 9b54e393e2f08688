#include "cinit.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// The first process of a container with `init: true`: it starts the program, passes signals on to it and its process group, and reaps
// what others leave. It runs before the Swift runtime starts, so it has one page of data of its own.

static void complain(const char *program) {
    // PID 1 reads this line.
    const char *reason = errno == ENOENT && !strchr(program, '/') ? "executable file not found in $PATH"
        : errno == ENOENT ? "no such file or directory" : errno == EACCES ? "permission denied"
        : errno == ENOEXEC ? "exec format error" : strerror(errno);
    dprintf(2, "moby-init: exec: \"%s\": %s\n", program, reason);
}

static pid_t start(char **command, const sigset_t *mask) {
    pid_t child = fork();
    if (child != 0) return child;
    setpgid(0, 0);
    sigprocmask(SIG_SETMASK, mask, 0);
    execvp(command[0], command);
    int code = errno == ENOENT ? 127 : 126;
    complain(command[0]);
    _exit(code);
}

/// Reaps everything that has ended; true when `child` has, with its status.
static int reap(pid_t child, int *status) {
    int word, ended = 0;
    for (pid_t pid; (pid = waitpid(-1, &word, WNOHANG)) > 0;)
        if (pid == child) *status = word, ended = 1;
    return ended;
}

/// Others get the signal, and half a second.
static void end_others(void) {
    int word;
    if (getpid() != 1 || kill(-1, SIGTERM) < 0) return;
    for (int turn = 0; turn < 50; turn++) {
        while ((word = waitpid(-1, 0, WNOHANG)) > 0) {}
        if (word < 0) return;
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, 0);
    }
}

int cinit_reaper(char **command) {
    sigset_t all, before;
    int status = 0;
    if (!command[0]) return 64;
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    sigfillset(&all);
    // Errors of this program itself.
    sigdelset(&all, SIGSEGV), sigdelset(&all, SIGBUS), sigdelset(&all, SIGILL), sigdelset(&all, SIGFPE);
    sigprocmask(SIG_BLOCK, &all, &before);
    pid_t child = start(command, &before);
    if (child < 0) return complain(command[0]), 126;
    setpgid(child, child);
    while (!reap(child, &status)) {
        int signal = sigwaitinfo(&all, 0);
        if (signal > 0 && signal != SIGCHLD && kill(-child, signal) < 0) kill(child, signal);
    }
    end_others();
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
