#include "cinit.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define RESULT(call) ((call) < 0 ? -errno : 0)

int cinit_epoll(void) {
    int file = epoll_create1(EPOLL_CLOEXEC);
    return file < 0 ? -errno : file;
}

int cinit_epoll_control(int epoll, int file, enum cinit_change change, int events) {
    static const int operations[] = {
        [CINIT_ADD] = EPOLL_CTL_ADD, [CINIT_MODIFY] = EPOLL_CTL_MOD, [CINIT_REMOVE] = EPOLL_CTL_DEL};
    struct epoll_event event = {.data.fd = file};
    if (events & CINIT_READABLE) event.events |= EPOLLIN;
    if (events & CINIT_WRITABLE) event.events |= EPOLLOUT;
    if (events & CINIT_CHANGES) event.events |= EPOLLET;
    return RESULT(epoll_ctl(epoll, operations[change], file, &event));
}

int cinit_epoll_wait(int epoll, int *files, int *events, int capacity, int timeout) {
    struct epoll_event ready[64];
    int count = epoll_wait(epoll, ready, capacity < 64 ? capacity : 64, timeout);
    if (count < 0) return errno == EINTR ? 0 : -errno;
    for (int index = 0; index < count; index++) {
        files[index] = ready[index].data.fd;
        events[index] = (ready[index].events & EPOLLIN ? CINIT_READABLE : 0) |
                        (ready[index].events & EPOLLOUT ? CINIT_WRITABLE : 0) |
                        (ready[index].events & (EPOLLHUP | EPOLLERR) ? CINIT_HUNG_UP : 0);
    }
    return count;
}

int cinit_signals(const int *signals, int count) {
    sigset_t set;
    sigemptyset(&set);
    for (int index = 0; index < count; index++) sigaddset(&set, signals[index]);
    if (sigprocmask(SIG_BLOCK, &set, 0) < 0) return -errno;
    int file = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return file < 0 ? -errno : file;
}

int cinit_next_signal(int file) {
    struct signalfd_siginfo facts;
    return read(file, &facts, sizeof facts) == sizeof facts ? (int)facts.ssi_signo : 0;
}

static int address(const char *path, struct sockaddr_un *address) {
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    if (strlen(path) >= sizeof address->sun_path) return -ENAMETOOLONG;
    strcpy(address->sun_path, path);
    return 0;
}

int cinit_listen(const char *path) {
    struct sockaddr_un name;
    int result = address(path, &name);
    if (result < 0) return result;
    int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (file < 0) return -errno;
    unlink(path);
    mode_t mask = umask(0177);
    result = RESULT(bind(file, (struct sockaddr *)&name, sizeof name));
    umask(mask);
    if (result == 0) result = RESULT(listen(file, 16));
    if (result == 0) return file;
    close(file);
    return result;
}

int cinit_connect(const char *path) {
    struct sockaddr_un name;
    int result = address(path, &name);
    if (result < 0) return result;
    int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (file < 0) return -errno;
    result = RESULT(connect(file, (struct sockaddr *)&name, sizeof name));
    if (result == 0) return file;
    close(file);
    return result;
}

int cinit_accept(int socket) {
    int file = accept4(socket, 0, 0, SOCK_CLOEXEC | SOCK_NONBLOCK);
    return file < 0 ? -errno : file;
}
