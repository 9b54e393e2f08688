// What the guest's programs use of the C library, for Embedded Swift, which has no Glibc module.
#pragma once
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

// Swift cannot call variadic functions.
static inline int libc_open(const char *path, int flags, mode_t mode) { return open(path, flags, mode); }
static inline int libc_openat(int folder, const char *path, int flags, mode_t mode) { return openat(folder, path, flags, mode); }
static inline int libc_fcntl(int file, int command, int value) { return fcntl(file, command, value); }

// The arguments that main got.
int libc_argument_count(void);
char *libc_argument(int index);
