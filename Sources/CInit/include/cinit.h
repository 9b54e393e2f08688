#pragma once
#include <stdint.h>
#include <sys/types.h>

// Every function that can fail returns 0 (or the value named) and, on failure, a negative errno.

/// True when /proc was mounted before the first line of this program ran: in a container, not on a machine.
int cinit_found_proc(void);

/// mount(2).
int cinit_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data);
/// mount(2) in the mount namespace of the process `pid`, by a process of its own. `type` may be empty.
int cinit_mount_beside(int pid, const char *source, const char *target, const char *type, unsigned long flags, const char *data);
/// umount2(2) with MNT_DETACH when `lazy`.
int cinit_unmount(const char *target, int lazy);
/// A process that writes all disks (sync(2)) and unmounts `paths`, those with a true `lazy` without waiting. On a machine of its
/// own, not in a container, it also ends swapping, mappings and loop devices, which may keep disks busy. Returns its pid.
int cinit_flush(char *const paths[], const int *lazy, int count, int is_machine);
enum cinit_end { CINIT_HALT, CINIT_POWER_OFF, CINIT_RESTART };
/// sync(2) when `writing`, then reboot(2).
int cinit_reboot(enum cinit_end end, int writing);
/// Makes Ctrl-Alt-Del a SIGINT to PID 1 instead of a restart.
int cinit_catch_ctrl_alt_del(void);
/// Number of bytes that a terminal has not sent yet.
int cinit_pending_output(int file);
/// Opens `path` for reading as if `root` were the root, links in it included (openat2 with RESOLVE_IN_ROOT).
int cinit_open_in_root(const char *root, const char *path);
/// A process that writes the regular file `path` below `root` to `output`, at most `limit` bytes of it. Returns its pid; its exit status is
/// an errno.
int cinit_copy_file(const char *root, const char *path, int64_t limit, int output);
/// finit_module(2). `compressed`: the kernel decompresses.
int cinit_load_module(int file, const char *parameters, int compressed);

/// Starts `path` in a session of its own with no signal blocked, its three standard files as given. Returns the pid.
int cinit_spawn(const char *path, char *const arguments[], char *const environment[], int input, int output, int errors);
/// Reaps an ended child: returns its pid, 0 when none has ended, -ECHILD when there are no children. `pid` -1 is any child.
int cinit_reap(int pid, int *status);
/// pipe2(2) with O_CLOEXEC; the reading end does not block.
int cinit_pipe(int ends[2]);
/// What comes before Swift: mounts /proc for a PID 1 that has none, and is a container's reaper by the name `moby-init`.
void cinit_early(int count, char **arguments);
/// A stream socket(2) that does not block, with O_CLOEXEC.
int cinit_stream_socket(int family);
/// Runs `body` on a detached thread (pthread_detach(3)). Returns 0 or a negative errno.
int cinit_start_thread(void *(*body)(void *), void *argument);
/// Makes orphaned descendants children of this process (prctl PR_SET_CHILD_SUBREAPER).
int cinit_become_subreaper(void);
/// Copies the file at `path` into a sealed file in memory, executable as /proc/self/fd/N. Returns its descriptor.
int cinit_sealed_copy(const char *path, const char *name);

/// epoll_create1(2).
int cinit_epoll(void);
enum cinit_change { CINIT_ADD, CINIT_MODIFY, CINIT_REMOVE };
/// Bits of `events`.
enum cinit_event { CINIT_READABLE = 1, CINIT_WRITABLE = 2, CINIT_HUNG_UP = 4, CINIT_CHANGES = 8 };
/// epoll_ctl(2) for `file`; CINIT_HUNG_UP is always reported. CINIT_CHANGES reports changes only (EPOLLET).
int cinit_epoll_control(int epoll, int file, enum cinit_change change, int events);
/// Waits at most `timeout` milliseconds (-1: no limit). Returns how many of `files` and `events` were filled in.
int cinit_epoll_wait(int epoll, int *files, int *events, int capacity, int timeout);
/// Blocks `signals` and returns a signalfd(2) for them.
int cinit_signals(const int *signals, int count);
/// The next signal from that file; 0 when there is none.
int cinit_next_signal(int file);

/// A listening stream socket at `path`, or a connection to it.
int cinit_listen(const char *path);
int cinit_connect(const char *path);
int cinit_accept(int socket);
/// A socket for the kernel's events about devices (NETLINK_KOBJECT_UEVENT).
int cinit_device_events(void);
/// A rtnetlink socket; one request of `length` bytes on it, which the kernel answers with 0 or a negative errno.
int cinit_route_socket(void);
int cinit_route_request(int socket, const void *message, int length);
/// Index of the network interface `name`, in the namespace of the calling thread.
int cinit_interface_index(const char *name);

/// The first process of a container: starts `command`, passes signals on and reaps. Returns the exit status.
int cinit_reaper(char **command);
/// Exit statuses of ``cinit_probe`` beyond errno.
enum cinit_probe_status { CINIT_NO_HTTP = 200, CINIT_HTTP_STATUS = 210 };
/// A process that connects to `port` on the loopback interface of process `pid`, and with a `path` asks for it by HTTP. Returns its pid; its
/// exit status is 0, an errno, CINIT_NO_HTTP, or CINIT_HTTP_STATUS and the first digit of the answer's status. It lives so many seconds.
int cinit_probe(int pid, int port, const char *path, int seconds);
/// Whether `path` exists as if `root` were the root.
int cinit_exists_in_root(const char *root, const char *path);
/// Whether the process waits in sigwait(3). Then /proc shows signals as not blocked that it has blocked.
int cinit_awaits_signals(int pid);
/// A socket at `path` that receives datagrams of everyone, and does not block.
int cinit_datagrams(const char *path);

/// Brings `lo` up.
int cinit_loopback_up(void);
/// The hardware address of the Ethernet interface `name`.
int cinit_hardware_address(const char *name, uint8_t address[6]);
/// sethostname(2).
int cinit_set_hostname(const char *name);
/// Sets the limits of this process and its children: `files` open files, any number of processes.
int cinit_set_limits(uint64_t files);
/// Seconds since 1970 of the hardware clock, or a negative errno.
int64_t cinit_hardware_clock(const char *path);
int cinit_set_clock(int64_t seconds);
/// Sets the time of a watchdog device. Returns the seconds that it granted.
int cinit_set_watchdog(int file, int seconds);
/// True when the input device has a power key.
int cinit_has_power_key(int file);
/// Reads all events of the input device: 1 when the power key was pressed, else 0, or a negative errno.
int cinit_read_power_key(int file);
/// Magic number of the file system at `path` (statfs(2)).
int64_t cinit_filesystem(const char *path);
/// Free and total bytes of main memory.
void cinit_memory(uint64_t *free_bytes, uint64_t *total);
/// Ids from `inside` on that are `outside` and so on elsewhere.
struct cinit_id_range {
    uint32_t inside, outside, size;
};
/// Starts a process that changes the owners of everything at and below `path` on its file system, as far as a range has them: a large
/// tree takes seconds. Returns its pid, also the number of its process group, or a negative errno; it ends with an errno, 0 for success.
int cinit_give_files(const char *path, const struct cinit_id_range *users, int user_count, const struct cinit_id_range *groups,
                     int group_count);
/// Creates a character device.
int cinit_character_device(const char *path, unsigned mode, unsigned major, unsigned minor);
/// Milliseconds since the machine started.
int64_t cinit_uptime(void);
/// Number of processors that this process may use.
int cinit_processors(void);

/// Registers of a call of VMware's hypervisor.
struct cinit_vmware_registers { uint32_t b, c, d, si, di; };
/// Calls VMware's hypervisor through its I/O port, which it lets any program use. -ENODEV under another hypervisor, where the instruction
/// would end this program.
int cinit_vmware_call(struct cinit_vmware_registers *registers);
