#pragma once
#include <stdint.h>
#include <sys/types.h>

/// copy_file_range(2), which Swift's Glibc module does not show.
ssize_t moby_copy_file_range(int in, int64_t *in_offset, int out, int64_t *out_offset, size_t length);

/// fallocate(2) with FALLOC_FL_KEEP_SIZE, once more when a signal came: blocks for a part of a file, its length as it was.
int moby_allocate(int file, off_t offset, off_t length);

/// The magic number of a folder's file system (statfs(2)); 0 when it is not known.
int64_t moby_file_system_type(const char *folder);

/// Sets the time of the last access of a file to now, and leaves that of its modification as it is.
int moby_touch(const char *path);

/// renameat2(2) with RENAME_NOREPLACE: -1 with errno EEXIST when the new name is taken.
int moby_rename_new(const char *from, const char *to);

/// pipe2(2) with O_CLOEXEC, which Swift's Glibc module does not show.
int moby_pipe(int ends[2]);

/// Notes a path to be unlinked when a signal ends the process.
/// Returns a slot for moby_partial_remove, or -1 when there is no room for another.
int moby_partial_add(const char *path);

/// Forgets a path; a negative slot is ignored.
void moby_partial_remove(int slot);

/// Unlinks every noted path. Async-signal-safe.
void moby_partial_unlink_all(void);

/// On SIGINT, SIGTERM, SIGHUP, SIGQUIT and other signals that come from outside: unlink every noted path, then end as the signal would have
/// ended the process.
void moby_partial_unlink_on_signals(void);

/// Notes how many lines above the cursor standard error shows only for now: a signal that ends the process erases them.
void moby_drawn_lines(int lines);

/// Erases the noted lines, and forgets them. Async-signal-safe.
void moby_erase_drawn(void);

/// Notes from now on that the process was stopped and continues (SIGCONT), unless the program handles that itself.
void moby_note_continues(void);

/// Whether the process was stopped and continues since the last call.
int moby_take_continued(void);

/// From now on SIGPIPE ends the process only when nothing reads its standard output any more, quietly, with every noted path unlinked; a write to
/// another pipe or connection that is closed gives EPIPE. Programs that are started have the default action. A SIGPIPE that the parent made us
/// ignore stays ignored.
void moby_end_only_when_output_is_closed(void);

/// Makes free(3) hand memory back to the kernel from 128 KiB on, for good. glibc otherwise raises this threshold with each large block that is
/// freed, and the buffers of one compressor stay when the next one comes.
void moby_return_freed_memory(void);

/// CRC-32C (RFC 3720, appendix B.4): the register after some more bytes. It begins as all ones, and the check is its inversion.
uint32_t moby_crc32c(uint32_t value, const void *bytes, size_t length);

/// The same, without the processor's own instruction.
uint32_t moby_crc32c_table(uint32_t value, const void *bytes, size_t length);

/// For a child between fork and exec: the child gets this signal when the thread that forked it ends (prctl(2), PR_SET_PDEATHSIG). That is the
/// end of the process only for a thread that lives as long; moby_spawn has one.
/// Returns -1 with errno ESRCH when `parent`, the process that forked, is dead already: the child must end.
int clinux_die_with_parent(int signal, pid_t parent);

/// The most descriptors that moby_spawn hands on.
#define MOBY_SPAWN_HANDLES 16

/// A descriptor of this process and the number it gets in the new one.
struct moby_spawn_handle {
    int own, theirs;
};

/// A program to start.
struct moby_program {
    /// A path, or a name that is looked up in PATH.
    const char *program;
    char *const *arguments, *const *environment;
    const struct moby_spawn_handle *handles;
    int handle_count;
    /// Signals that get their default meaning back. None is blocked.
    const int *signals;
    int signal_count;
    /// What the program gets when this process dies, however that happens; 0 for a program that outlives it.
    int death_signal;
};

/// Starts a program: posix_spawnp(3), and it can die with this process. Safe on any thread.
/// Returns 0, or an errno value.
int moby_spawn(pid_t *child, const struct moby_program *what);
