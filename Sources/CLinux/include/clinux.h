#pragma once
#include <stdint.h>
#include <sys/types.h>

/// copy_file_range(2), which Swift's Glibc module does not show.
ssize_t moby_copy_file_range(int in, int64_t *in_offset, int out, int64_t *out_offset, size_t length);

/// fallocate(2) with FALLOC_FL_KEEP_SIZE, once more when a signal came: blocks for a part of a file, its length as it was.
int moby_allocate(int file, off_t offset, off_t length);

/// renameat2(2) with RENAME_NOREPLACE: -1 with errno EEXIST when the new name is taken.
int moby_rename_new(const char *from, const char *to);

/// Notes a path to be unlinked when a signal ends the process.
/// Returns a slot for moby_partial_remove, or -1 when there is no room for another.
int moby_partial_add(const char *path);

/// Forgets a path; a negative slot is ignored.
void moby_partial_remove(int slot);

/// Unlinks every noted path. Async-signal-safe.
void moby_partial_unlink_all(void);

/// On SIGINT, SIGTERM and SIGHUP: unlink every noted path, then end as the signal would have ended the process.
void moby_partial_unlink_on_signals(void);

/// Makes free(3) hand memory back to the kernel from 128 KiB on, for good. glibc otherwise raises this threshold with each large block that is
/// freed, and the buffers of one compressor stay when the next one comes.
void moby_return_freed_memory(void);

/// CRC-32C (RFC 3720, appendix B.4): the register after some more bytes. It begins as all ones, and the check is its inversion.
uint32_t moby_crc32c(uint32_t value, const void *bytes, size_t length);

/// The same, without the processor's own instruction.
uint32_t moby_crc32c_table(uint32_t value, const void *bytes, size_t length);
