#include "cinit.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/swap.h>
#include <unistd.h>

// A swap file keeps the file system that it is on.
static void end_swapping(void) {
    FILE *list = fopen("/proc/swaps", "re");
    if (list == NULL) return;
    char line[1024];
    while (fgets(line, sizeof line, list) != NULL) {
        // The first line has titles.
        if (line[0] != '/') continue;
        line[strcspn(line, " \t")] = 0;
        // A file of device mapper is listed as /mapper/NAME in a container that has another /dev.
        char path[1040];
        snprintf(path, sizeof path, "/dev%s", line);
        if (swapoff(line) != 0) swapoff(path);
    }
    fclose(list);
}

// Only those that nothing uses any more.
static void remove_mappings(void) {
    int file = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
    if (file < 0) return;
    struct dm_ioctl request = {.version = {4, 0, 0}, .data_size = sizeof request};
    ioctl(file, DM_REMOVE_ALL, &request);
    close(file);
}

static void detach_loops(void) {
    DIR *folder = opendir("/sys/block");
    if (folder == NULL) return;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char path[300];
        if (strncmp(entry->d_name, "loop", 4) != 0) continue;
        snprintf(path, sizeof path, "/sys/block/%s/loop", entry->d_name);
        if (access(path, F_OK) != 0) continue;
        snprintf(path, sizeof path, "/dev/%s", entry->d_name);
        int file = open(path, O_RDONLY | O_CLOEXEC);
        if (file < 0) continue;
        ioctl(file, LOOP_CLR_FD);
        close(file);
    }
    closedir(folder);
}

int cinit_flush(char *const paths[], const int *lazy, int count, int is_machine) {
    pid_t pid = fork();
    if (pid != 0) return pid < 0 ? -errno : pid;
    sync();
    if (is_machine) end_swapping();
    // A disk may hold the files of other disks.
    for (int round = 0; round < 3; round++) {
        int busy = 0;
        for (int index = 0; index < count; index++) {
            if (umount2(paths[index], lazy[index] ? MNT_DETACH : 0) != 0 && errno == EBUSY) busy = 1;
        }
        if (!busy || !is_machine) break;
        remove_mappings();
        detach_loops();
    }
    _exit(0);
}
