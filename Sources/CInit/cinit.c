#include "cinit.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/module.h>
#include <linux/openat2.h>
#include <linux/reboot.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RESULT(call) ((call) < 0 ? -errno : 0)
#ifndef MODULE_INIT_COMPRESSED_FILE
#define MODULE_INIT_COMPRESSED_FILE 4
#endif
#ifndef MFD_EXEC
#define MFD_EXEC 0x10U
#endif

static int found_proc;

// A container's reaper is the same file by another name.
void cinit_early(int count, char **arguments) {
    const char *name = count > 0 ? strrchr(arguments[0], '/') : 0;
    if (name && strcmp(name, "/moby-init") == 0) _exit(cinit_reaper(arguments + 1));
    found_proc = access("/proc/self", F_OK) == 0;
    if (getpid() == 1 && !found_proc) {
        mkdir("/proc", 0555);
        mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, 0);
    }
}

#ifdef __GLIBC__
// The tests' program, whose main is not ours, is the reaper, too; glibc gives constructors the arguments.
__attribute__((constructor(101))) static void early_in_tests(int count, char **arguments) { cinit_early(count, arguments); }
#endif

int cinit_found_proc(void) { return found_proc; }

int cinit_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data) {
    return RESULT(mount(source, target, type, flags, data));
}

int cinit_mount_beside(int pid, const char *source, const char *target, const char *type, unsigned long flags, const char *data) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/mnt", pid);
    int space = open(path, O_RDONLY | O_CLOEXEC);
    if (space < 0) return -errno;
    pid_t child = fork();
    if (child == 0) {
        // Also changes the root to that of the namespace.
        if (setns(space, CLONE_NEWNS) < 0 || mount(source, target, *type ? type : 0, flags, data) < 0) _exit(errno);
        _exit(0);
    }
    int status = child < 0 ? errno << 8 : 0;
    close(space);
    while (child > 0 && waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return -errno;
    return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}

int cinit_unmount(const char *target, int lazy) { return RESULT(umount2(target, lazy ? MNT_DETACH : 0)); }

int cinit_pending_output(int file) {
    int count = 0;
    return ioctl(file, TIOCOUTQ, &count) < 0 ? -errno : count;
}

int cinit_open_in_root(const char *root, const char *path) {
    int folder = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return -errno;
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK, .resolve = RESOLVE_IN_ROOT};
    int file = syscall(SYS_openat2, folder, path, &how, sizeof how);
    int result = file < 0 ? -errno : file;
    close(folder);
    return result;
}

static int copy(int source, int64_t limit, int output) {
    struct stat facts;
    if (fstat(source, &facts) < 0) return errno;
    if (!S_ISREG(facts.st_mode)) return S_ISDIR(facts.st_mode) ? EISDIR : EINVAL;
    char buffer[65536];
    while (limit > 0) {
        ssize_t count = read(source, buffer, limit < (int64_t)sizeof buffer ? (size_t)limit : sizeof buffer);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno;
        if (count == 0) return 0;
        limit -= count;
        for (ssize_t done = 0; done < count;) {
            ssize_t written = write(output, buffer + done, count - done);
            if (written < 0 && errno != EINTR) return errno;
            if (written > 0) done += written;
        }
    }
    return 0;
}

int cinit_copy_file(const char *root, const char *path, int64_t limit, int output) {
    pid_t pid = fork();
    if (pid != 0) return pid < 0 ? -errno : pid;
    // Without the files of the others: a pipe that this process holds has no end.
    if (dup2(output, 1) < 0 || syscall(SYS_close_range, 3, ~0U, 0) < 0) _exit(errno);
    int source = cinit_open_in_root(root, path);
    _exit(source < 0 ? -source : copy(source, limit, 1));
}

int cinit_reboot(enum cinit_end end, int writing) {
    static const int commands[] = {
        [CINIT_HALT] = LINUX_REBOOT_CMD_HALT,
        [CINIT_POWER_OFF] = LINUX_REBOOT_CMD_POWER_OFF,
        [CINIT_RESTART] = LINUX_REBOOT_CMD_RESTART,
    };
    if (writing) sync();
    return RESULT(reboot(commands[end]));
}

int cinit_catch_ctrl_alt_del(void) { return RESULT(reboot(LINUX_REBOOT_CMD_CAD_OFF)); }

int cinit_load_module(int file, const char *parameters, int compressed) {
    return RESULT(syscall(SYS_finit_module, file, parameters, compressed ? MODULE_INIT_COMPRESSED_FILE : 0));
}

int cinit_spawn(const char *path, char *const arguments[], char *const environment[], int input, int output, int errors) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    pid_t pid = 0;
    int given[3] = {input, output, errors};
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    for (int target = 0; target < 3; target++) posix_spawn_file_actions_adddup2(&files, given[target], target);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    int error = posix_spawn(&pid, path, &files, &attributes, arguments, environment);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return error ? -error : pid;
}

int cinit_reap(int pid, int *status) {
    pid_t ended = waitpid(pid, status, WNOHANG);
    return ended < 0 ? -errno : ended;
}

int cinit_pipe(int ends[2]) {
    if (pipe2(ends, O_CLOEXEC) < 0) return -errno;
    return RESULT(fcntl(ends[0], F_SETFL, O_NONBLOCK));
}

int cinit_stream_socket(int family) {
    int file = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return file < 0 ? -errno : file;
}

int cinit_start_thread(void *(*body)(void *), void *argument) {
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    // musl's default is 128 KiB.
    pthread_attr_setstacksize(&attributes, 1 << 20);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    int number = pthread_create(&thread, &attributes, body, argument);
    pthread_attr_destroy(&attributes);
    return -number;
}

int cinit_become_subreaper(void) { return RESULT(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)); }

int cinit_sealed_copy(const char *path, const char *name) {
    int source = open(path, O_RDONLY | O_CLOEXEC);
    if (source < 0) return -errno;
    struct stat facts;
    // Kernels since 6.3 warn without a flag for or against execution; older ones refuse the flag.
    int copy = memfd_create(name, MFD_ALLOW_SEALING | MFD_CLOEXEC | MFD_EXEC);
    if (copy < 0) copy = memfd_create(name, MFD_ALLOW_SEALING | MFD_CLOEXEC);
    int failed = copy < 0 || fstat(source, &facts) < 0;
    off_t done = 0;
    while (!failed && done < facts.st_size) failed = sendfile(copy, source, &done, facts.st_size - done) <= 0;
    failed = failed || fchmod(copy, 0555) < 0 || fcntl(copy, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0;
    int error = errno ? errno : EIO;
    close(source);
    if (!failed) return copy;
    if (copy >= 0) close(copy);
    return -error;
}

int cinit_set_hostname(const char *name) { return RESULT(sethostname(name, strlen(name))); }

int cinit_set_limits(uint64_t files) {
    struct rlimit open_files = {files, files}, processes = {RLIM_INFINITY, RLIM_INFINITY};
    int result = RESULT(setrlimit(RLIMIT_NOFILE, &open_files));
    return result < 0 ? result : RESULT(setrlimit(RLIMIT_NPROC, &processes));
}

int cinit_set_clock(int64_t seconds) {
    struct timespec now = {seconds, 0};
    return RESULT(clock_settime(CLOCK_REALTIME, &now));
}

int64_t cinit_filesystem(const char *path) {
    struct statfs facts;
    return statfs(path, &facts) < 0 ? -errno : (int64_t)facts.f_type;
}

void cinit_memory(uint64_t *free_bytes, uint64_t *total) {
    struct sysinfo facts;
    if (sysinfo(&facts) < 0) memset(&facts, 0, sizeof facts);
    *free_bytes = (uint64_t)facts.freeram * facts.mem_unit;
    *total = (uint64_t)facts.totalram * facts.mem_unit;
}

int cinit_character_device(const char *path, unsigned mode, unsigned major, unsigned minor) {
    return RESULT(mknod(path, mode | S_IFCHR, makedev(major, minor)));
}

int64_t cinit_uptime(void) {
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int cinit_processors(void) {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) < 0 ? 1 : CPU_COUNT(&set);
}
