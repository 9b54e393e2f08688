#pragma once
#include <stdint.h>
#include <sys/types.h>

// Every function that can fail returns 0 (or the value named) and, on failure, a negative errno.

/// True when /proc was there before the first line of this program ran: inside a container, not on a machine of our own.
int cinit_found_proc(void);

/// mount(2).
int cinit_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data);
/// umount2(2) with MNT_DETACH when `lazy`.
int cinit_unmount(const char *target, int lazy);
/// A process that writes all disks (sync(2)) and unmounts `paths`, those with a true `lazy` without waiting. Returns its pid.
int cinit_flush(char *const paths[], const int *lazy, int count);
/// sync(2) when `writing`, then reboot(2): 'h' halt, 'p' power off, 'r' restart. Also 'c': ctrl-alt-del becomes SIGINT to PID 1.
int cinit_reboot(char what, int writing);
/// Bytes that a terminal has not sent yet.
int cinit_pending_output(int file);
/// Opens `path` for reading as if `root` were the root, links in it included (openat2 with RESOLVE_IN_ROOT).
int cinit_open_in_root(const char *root, const char *path);
/// finit_module(2). `compressed`: the kernel decompresses.
int cinit_load_module(int file, const char *parameters, int compressed);

/// Starts `path` in a session of its own with no signal blocked, its three standard files as given. Returns the pid.
int cinit_spawn(const char *path, char *const arguments[], char *const environment[], int input, int output, int errors);
/// Reaps one ended child: returns its pid and status, 0 when there is none, -ECHILD when there are no children. `pid` -1 is any child.
int cinit_reap(int pid, int *status);
/// pipe2(2) with O_CLOEXEC; the reading end does not block.
int cinit_pipe(int ends[2]);
/// Makes orphans of descendants our children (prctl PR_SET_CHILD_SUBREAPER).
int cinit_become_subreaper(void);
/// A sealed copy in memory of the file at `path`, open; it can be executed as /proc/self/fd/N.
int cinit_sealed_copy(const char *path, const char *name);

/// epoll_create1(2).
int cinit_epoll(void);
/// Adds (`change` 1), alters (2) or removes (0) `file`; bits of `events`: 1 readable, 2 writable.
int cinit_epoll_control(int epoll, int file, int change, int events);
/// Waits at most `timeout` milliseconds (-1: no limit). Returns how many of `files` and `events` (bit 4: hung up) were filled in.
int cinit_epoll_wait(int epoll, int *files, int *events, int capacity, int timeout);
/// Blocks `signals` and returns a file that tells of them.
int cinit_signals(const int *signals, int count);
/// The next signal from that file; 0 when there is none.
int cinit_next_signal(int file);

/// A listening stream socket at `path`, or a connection to it.
int cinit_listen(const char *path);
int cinit_connect(const char *path);
int cinit_accept(int socket);
/// A socket that tells of devices that come (NETLINK_KOBJECT_UEVENT).
int cinit_device_events(void);
/// A rtnetlink socket; one request of `length` bytes, answered by 0 or a negative errno.
int cinit_route_socket(void);
int cinit_route_request(int socket, const void *message, int length);
/// Index of the network interface `name`, in the namespace of the calling thread.
int cinit_interface_index(const char *name);

/// Brings `lo` up.
int cinit_loopback_up(void);
/// The hardware address of the first Ethernet interface; six bytes.
int cinit_hardware_address(const char *name, uint8_t address[6]);
/// sethostname(2).
int cinit_set_hostname(const char *name);
/// No limit on processes, `files` open files for us and all after us.
int cinit_set_limits(uint64_t files);
/// Seconds since 1970 of the hardware clock, or a negative errno.
int64_t cinit_hardware_clock(const char *path);
int cinit_set_clock(int64_t seconds);
/// True when the input device has a power key; whether the bytes of an input_event are its being pressed.
int cinit_has_power_key(int file);
int cinit_read_power_key(int file);
/// Type of the file system at `path`, as statfs(2) says.
int64_t cinit_filesystem(const char *path);
/// Free and total bytes of main memory.
void cinit_memory(uint64_t *free_bytes, uint64_t *total);
/// Makes a device node: 'c' or 'b'.
int cinit_device_node(const char *path, char kind, unsigned mode, unsigned major, unsigned minor);
/// Milliseconds since the machine started.
int64_t cinit_uptime(void);
/// Processors that are online.
int cinit_processors(void);
