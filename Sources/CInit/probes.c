#include "cinit.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static int connected(int family, int port) {
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int file = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (file < 0) return -errno;
    int result = family == AF_INET ? connect(file, (struct sockaddr *)&four, sizeof four)
                                   : connect(file, (struct sockaddr *)&six, sizeof six);
    if (result == 0) return file;
    result = -errno;
    close(file);
    return result;
}

static int ask(int file, const char *path) {
    char text[4096];
    int length = snprintf(text, sizeof text, "GET %s HTTP/1.0\r\nHost: localhost\r\nUser-Agent: moby\r\n\r\n", path);
    if (length >= (int)sizeof text) return ENAMETOOLONG;
    if (send(file, text, length, MSG_NOSIGNAL) != length) return errno;
    size_t size = 0;
    for (ssize_t count; size < 12 && (count = read(file, text + size, sizeof text - 1 - size)) > 0;) size += count;
    text[size] = 0;
    int status = 0;
    if (sscanf(text, "HTTP/%*1[0-9].%*1[0-9] %3d", &status) != 1 || status < 100 || status > 599) return CINIT_NO_HTTP;
    return status < 400 ? 0 : CINIT_HTTP_STATUS + status / 100;
}

static int probe(int pid, int port, const char *path) {
    char name[64];
    snprintf(name, sizeof name, "/proc/%d/ns/net", pid);
    int space = open(name, O_RDONLY | O_CLOEXEC);
    if (space < 0 || setns(space, CLONE_NEWNET) < 0) return errno;
    int file = connected(AF_INET, port), first = file;
    if (file < 0) file = connected(AF_INET6, port);
    if (file < 0) return -first;
    return path ? ask(file, path) : 0;
}

int cinit_probe(int pid, int port, const char *path, int seconds) {
    pid_t child = fork();
    if (child != 0) return child < 0 ? -errno : child;
    alarm(seconds);
    int result = probe(pid, port, path);
    _exit(result > 254 ? 254 : result);
}

int cinit_exists_in_root(const char *root, const char *path) {
    int folder = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return -errno;
    struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
    int file = syscall(SYS_openat2, folder, path, &how, sizeof how);
    int result = file < 0 ? -errno : 0;
    if (file >= 0) close(file);
    close(folder);
    return result;
}

int cinit_awaits_signals(int pid) {
    char name[64], text[32];
    snprintf(name, sizeof name, "/proc/%d/syscall", pid);
    int file = open(name, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    ssize_t size = read(file, text, sizeof text - 1);
    close(file);
    text[size > 0 ? size : 0] = 0;
    // "running" while it executes.
    return size > 0 && text[0] >= '0' && text[0] <= '9' && atol(text) == SYS_rt_sigtimedwait;
}

int cinit_datagrams(const char *path) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof name.sun_path) return -ENAMETOOLONG;
    strcpy(name.sun_path, path);
    int file = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (file < 0) return -errno;
    unlink(path);
    // Any user of the container may write to it.
    if (bind(file, (struct sockaddr *)&name, sizeof name) == 0 && chmod(path, 0666) == 0) return file;
    int result = -errno;
    close(file);
    return result;
}
