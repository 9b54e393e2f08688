#include "clinux.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

ssize_t moby_copy_file_range(int in, int64_t *in_offset, int out, int64_t *out_offset, size_t length) {
    return copy_file_range(in, in_offset, out, out_offset, length, 0);
}

int moby_allocate(int file, off_t offset, off_t length) {
    int result;
    do {
        result = fallocate(file, FALLOC_FL_KEEP_SIZE, offset, length);
    } while (result != 0 && errno == EINTR);
    return result;
}

int64_t moby_file_system_type(const char *folder) {
    struct statfs info;
    return statfs(folder, &info) == 0 ? (int64_t)info.f_type : 0;
}

int moby_touch(const char *path) {
    const struct timespec times[] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_OMIT}};
    return utimensat(AT_FDCWD, path, times, 0);
}

int moby_rename_new(const char *from, const char *to) {
    return renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
}

int moby_pipe(int ends[2]) {
    return pipe2(ends, O_CLOEXEC);
}
