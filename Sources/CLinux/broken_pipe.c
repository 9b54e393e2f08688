#include "clinux.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

/* Which descriptor broke is not said: standard output is looked at. */
static void end_when_output_is_closed(int number) {
    int saved = errno;
    struct pollfd output = {.fd = STDOUT_FILENO};
    if (poll(&output, 1, 0) == 1 && output.revents & (POLLERR | POLLHUP)) {
        moby_partial_unlink_all();
        signal(number, SIG_DFL);
        /* Delivered when this handler returns. */
        raise(number);
    }
    errno = saved;
}

void moby_end_only_when_output_is_closed(void) {
    struct sigaction now;
    if (sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_IGN) return;
    struct sigaction action = {.sa_handler = end_when_output_is_closed, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGPIPE, &action, NULL);
}
