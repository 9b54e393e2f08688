#include "cinit.h"
#include <errno.h>
#include <fts.h>
#include <sys/stat.h>
#include <unistd.h>

/// The id outside; ids that no range has stay as they are.
static uint32_t moved(uint32_t id, const struct cinit_id_range *ranges, int count) {
    for (int i = 0; i < count; i++)
        if (id - ranges[i].inside < ranges[i].size) return id - ranges[i].inside + ranges[i].outside;
    return id;
}

static int give_files(const char *path, const struct cinit_id_range *users, int user_count, const struct cinit_id_range *groups,
                      int group_count) {
    char *paths[] = {(char *)path, 0};
    // nftw(3) would leave files out that are on overlayfs, where they have device numbers of their own.
    FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, 0);
    if (!walk) return -errno;
    int result = 0;
    for (FTSENT *entry; result == 0 && (errno = 0, entry = fts_read(walk));) {
        if (entry->fts_info == FTS_DP) continue;
        if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS) {
            result = -entry->fts_errno;
            break;
        }
        const struct stat *facts = entry->fts_statp;
        uint32_t user = moved(facts->st_uid, users, user_count), group = moved(facts->st_gid, groups, group_count);
        if (user == facts->st_uid && group == facts->st_gid) continue;
        if (lchown(entry->fts_path, user, group) < 0) result = -errno;
        // A new owner takes these bits away.
        else if (S_ISREG(facts->st_mode) && facts->st_mode & 06000 && chmod(entry->fts_path, facts->st_mode & 07777) < 0) result = -errno;
    }
    if (result == 0 && errno) result = -errno;
    fts_close(walk);
    return result;
}

int cinit_give_files(const char *path, const struct cinit_id_range *users, int user_count, const struct cinit_id_range *groups,
                     int group_count) {
    pid_t pid = fork();
    if (pid < 0) return -errno;
    // In both processes: whichever is first, the group exists when this returns.
    setpgid(pid, pid);
    if (pid == 0) _exit(-give_files(path, users, user_count, groups, group_count));
    return pid;
}
