#include "clinux.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

// prctl(2), PR_SET_PDEATHSIG: the "parent" whose death counts is the thread that forked. Threads of a pool come and go, so that one thread,
// which ends with the process only, forks for all.

struct job {
    const struct moby_program *what;
    pid_t child;
    int fault;
    int done;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct job *waiting;
static int has_thread;

int clinux_die_with_parent(int signal, pid_t parent) {
    if (prctl(PR_SET_PDEATHSIG, signal) != 0) return -1;
    // The parent may have died before that.
    if (getppid() != parent) {
        errno = ESRCH;
        return -1;
    }
    return 0;
}

// In the child, which shares the memory of the parent but not its descriptors and signal handlers.
static int become(const struct moby_program *what, pid_t parent) {
    if (what->death_signal != 0 && clinux_die_with_parent(what->death_signal, parent) != 0) return errno;
    int highest = 2;
    for (int i = 0; i < what->handle_count; i++) {
        if (what->handles[i].theirs > highest) highest = what->handles[i].theirs;
    }
    // Out of the way first, so that setting one cannot overwrite what another is copied from.
    int own[MOBY_SPAWN_HANDLES];
    for (int i = 0; i < what->handle_count; i++) {
        own[i] = fcntl(what->handles[i].own, F_DUPFD_CLOEXEC, highest + 1);
        if (own[i] < 0) return errno;
    }
    for (int i = 0; i < what->handle_count; i++) {
        if (dup2(own[i], what->handles[i].theirs) < 0) return errno;
    }
    struct sigaction standard = {.sa_handler = SIG_DFL};
    for (int i = 0; i < what->signal_count; i++) sigaction(what->signals[i], &standard, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execvpe(what->program, what->arguments, what->environment);
    return errno;
}

static void start(struct job *job) {
    pid_t parent = getpid();
    struct job *volatile shared = job;
    pid_t child = vfork();
    if (child == 0) {
        shared->fault = become(shared->what, parent);
        _exit(127);
    }
    if (child < 0) {
        shared->fault = errno;
    } else if (shared->fault != 0) {
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
    } else {
        shared->child = child;
    }
}

static void *fork_for_all(void *unused) {
    (void)unused;
    pthread_mutex_lock(&lock);
    for (;;) {
        while (waiting == NULL) pthread_cond_wait(&changed, &lock);
        struct job *job = waiting;
        start(job);
        job->done = 1;
        waiting = NULL;
        pthread_cond_broadcast(&changed);
    }
    return NULL;
}

static int start_thread(void) {
    // No signal handler runs on it: it would run in the memory that a child shares.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    int fault = pthread_create(&thread, NULL, fork_for_all, NULL);
    if (fault == 0) pthread_detach(thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return fault;
}

int moby_spawn(pid_t *child, const struct moby_program *what) {
    if (what->handle_count < 0 || what->handle_count > MOBY_SPAWN_HANDLES) return EINVAL;
    struct job job = {.what = what};
    pthread_mutex_lock(&lock);
    int fault = has_thread ? 0 : start_thread();
    if (fault == 0) {
        has_thread = 1;
        while (waiting != NULL) pthread_cond_wait(&changed, &lock);
        waiting = &job;
        pthread_cond_broadcast(&changed);
        while (!job.done) pthread_cond_wait(&changed, &lock);
        fault = job.fault;
        *child = job.child;
    }
    pthread_mutex_unlock(&lock);
    return fault;
}
