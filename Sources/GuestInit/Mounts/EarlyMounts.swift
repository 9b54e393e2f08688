internal import GuestSystem

/// The mounts made before anything else runs.
enum EarlyMounts {
    struct Entry: Equatable {
        var type: String
        var target: String
        var flags: MountFlags
        var data: String = ""
        /// Some kernels do not have it.
        var isOptional = false
        /// Mode of the mount point if it has to be created.
        var mode: UInt32 = 0o755

        func mount() throws(SystemError) {
            try Files.makeDirectories(target, mode: mode)
            try MountCall(source: type, target: target, type: type, flags: flags, data: data).perform()
        }
    }

    private static let closed: MountFlags = [.noSetUID, .noDevices, .noExecution]

    /// In the order of mounting. `/proc` is mounted already: the Swift runtime needs it before `main`.
    static let all: [Entry] = [
        Entry(
            type: "devtmpfs", target: "/dev", flags: [.noSetUID, .noExecution, .relativeAccessTime],
            data: "size=10m,nr_inodes=248418,mode=755"),
        Entry(type: "sysfs", target: "/sys", flags: closed, mode: 0o555),
        Entry(type: "tmpfs", target: "/run", flags: closed.union(.relativeAccessTime), data: "size=10%,mode=755"),
        Entry(type: "tmpfs", target: "/tmp", flags: closed.union(.relativeAccessTime), data: "size=10%,mode=1777"),
        Entry(type: "tmpfs", target: "/var", flags: closed.union(.relativeAccessTime), data: "size=50%,mode=755"),
        Entry(type: "mqueue", target: "/dev/mqueue", flags: closed, isOptional: true),
        Entry(type: "tmpfs", target: "/dev/shm", flags: closed, data: "mode=1777"),
        Entry(
            type: "devpts", target: "/dev/pts", flags: [.noSetUID, .noExecution], data: "gid=5,mode=0620,ptmxmode=0666"),
        Entry(type: "cgroup2", target: "/sys/fs/cgroup", flags: closed),
        Entry(type: "securityfs", target: "/sys/kernel/security", flags: closed, isOptional: true),
        Entry(type: "debugfs", target: "/sys/kernel/debug", flags: closed, isOptional: true),
        Entry(type: "configfs", target: "/sys/kernel/config", flags: closed, isOptional: true),
        Entry(type: "fusectl", target: "/sys/fs/fuse/connections", flags: closed, isOptional: true),
        Entry(type: "pstore", target: "/sys/fs/pstore", flags: closed, isOptional: true),
        Entry(type: "efivarfs", target: "/sys/firmware/efi/efivars", flags: closed, isOptional: true),
        Entry(type: "selinuxfs", target: "/sys/fs/selinux", flags: [.noSetUID, .noExecution], isOptional: true),
        Entry(type: "bpf", target: "/sys/fs/bpf", flags: .noDevices, data: "mode=700", isOptional: true),
    ]

    /// Folders of a fresh `/var`.
    static let variableFolders: [(path: String, mode: UInt32)] =
        ["cache", "lib", "local", "lock", "log", "opt", "spool"].map { ("/var/" + $0, 0o755) } + [
            ("/var/empty", 0o555), ("/var/tmp", 0o1777),
        ]

    /// Links that programs expect in `/dev`.
    static let deviceLinks = [
        ("/proc/self/fd", "/dev/fd"), ("/proc/self/fd/0", "/dev/stdin"), ("/proc/self/fd/1", "/dev/stdout"),
        ("/proc/self/fd/2", "/dev/stderr"),
        ("/proc/kcore", "/dev/kcore"),
    ]
}
