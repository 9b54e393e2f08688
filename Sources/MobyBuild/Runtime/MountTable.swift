internal import JSON
internal import MobySpec

/// `mounts`, one for each destination: what comes later replaces, and the result is in order of destinations.
struct MountTable {
    struct Mount {
        var destination: String
        var type: String
        var source: String
        var options: [String]
        var uidMappings: [IDMapping] = []
        var gidMappings: [IDMapping] = []
        var origin: Origin
    }

    private var mounts: [String: Mount] = [:]

    /// The standard mounts. On a host with cgroup v2, runc gives type `cgroup` the unified hierarchy.
    init(readonly: WithOrigin<Bool>?, hidesProcesses: Bool, bindsSys: Bool) {
        let readonly = readonly?.value == true ? ["ro"] : []
        set("/proc", "proc", ["nosuid", "nodev", "noexec", "relatime"] + (hidesProcesses ? ["hidepid=2"] : []))
        set("/dev", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"] + readonly)
        set("/dev/pts", "devpts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"])
        set("/dev/shm", "tmpfs", source: "shm", ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"])
        if bindsSys {
            set("/sys", "bind", source: "/sys", ["rbind", "nosuid", "noexec", "nodev", "ro"])
        } else {
            set("/sys", "sysfs", ["nosuid", "noexec", "nodev"] + readonly)
        }
        set("/sys/fs/cgroup", "cgroup", ["nosuid", "noexec", "nodev", "relatime", "ro"])
    }

    private mutating func set(_ destination: String, _ type: String, source: String? = nil, _ options: [String]) {
        mounts[destination] = Mount(
            destination: destination, type: type, source: source ?? type, options: options, origin: .standard)
    }

    mutating func add(_ tmpfs: Tmpfs, _ origin: Origin) {
        mounts[tmpfs.destination] = Mount(
            destination: tmpfs.destination, type: "tmpfs", source: "tmpfs", options: tmpfs.options, origin: origin)
    }

    /// - Parameter source: a path of the guest.
    mutating func add(_ bind: Bind, source: String, _ origin: Origin) {
        var options = bind.options ?? ["rw", "rbind", "rshared"]
        if !options.contains("rbind") { options.append("rbind") }
        mounts[bind.destination] = Mount(
            destination: bind.destination, type: "bind", source: source, options: options, origin: origin)
    }

    /// - Parameter source: for a bind, a path of the guest.
    mutating func add(_ mount: MountSpec, source: String, _ origin: Origin) {
        guard let type = mount.impliedType, let destination = mount.impliedDestination else {
            preconditionFailure("the reader accepts no mount without type and destination")
        }
        mounts[destination] = Mount(
            destination: destination, type: type, source: source, options: mount.options ?? [],
            uidMappings: mount.uidMappings ?? [], gidMappings: mount.gidMappings ?? [], origin: origin)
    }

    /// Mounts of a type that no kernel is known to have, in order of destinations.
    var unknownTypes: [Mount] {
        mounts.values.filter { $0.type != "bind" && !FileSystemTypes.knows($0.type) }.sorted {
            $0.destination < $1.destination
        }
    }

    /// In byte order of destinations: parents before what lies below them.
    var traced: [JSONWithOrigins] {
        var mounts = mounts
        // A `/dev` from outside has its own shared memory.
        if mounts["/dev"]?.type == "bind", mounts["/dev/shm"]?.origin == .standard { mounts["/dev/shm"] = nil }
        return mounts.values.sorted { $0.destination.utf8.lexicographicallyPrecedes($1.destination.utf8) }.map {
            mount in
            var members: [(key: String, value: JSONValue)] = [
                ("destination", .string(mount.destination)), ("type", .string(mount.type)),
                ("source", .string(mount.source)),
            ]
            if !mount.options.isEmpty { members.append(("options", .array(mount.options.map { .string($0) }))) }
            if !mount.uidMappings.isEmpty { members.append(("uidMappings", IDMapping.json(mount.uidMappings))) }
            if !mount.gidMappings.isEmpty { members.append(("gidMappings", IDMapping.json(mount.gidMappings))) }
            return .value(.object(members), mount.origin)
        }
    }
}

extension IDMapping {
    static func json(_ mappings: [IDMapping]) -> JSONValue {
        .array(
            mappings.map {
                .object([
                    ("containerID", .integer(Int64($0.containerID))), ("hostID", .integer(Int64($0.hostID))),
                    ("size", .integer(Int64($0.size))),
                ])
            })
    }
}

/// The file systems of Linux by the names that mount(2) has for them (kernel, `fs/` and `/proc/filesystems`; those of
/// FUSE too).
enum FileSystemTypes {
    /// Whether some Linux has it; what comes after `fuse.` is up to a program.
    static func knows(_ type: String) -> Bool { all.contains(type) || type.hasPrefix("fuse.") }

    static let all: [String] = [
        "9p", "adfs", "affs", "afs", "autofs", "bcachefs", "befs", "bfs", "binder", "binfmt_misc", "bpf", "btrfs",
        "ceph", "cgroup",
        "cgroup2",
        "cifs", "coda", "configfs", "cpuset", "cramfs", "debugfs", "devpts", "devtmpfs", "dlmfs", "ecryptfs",
        "efivarfs", "efs", "erofs",
        "exfat",
        "ext4", "ext3", "ext2", "f2fs", "fuse", "fuseblk", "fusectl", "gfs2", "hfs", "hfsplus", "hpfs", "hugetlbfs",
        "iso9660", "jffs2",
        "jfs", "lustre", "minix", "mqueue", "msdos", "nfs", "nfs4", "nfsd", "nilfs2", "none", "ntfs", "ntfs3", "ocfs2",
        "omfs", "orangefs",
        "overlay", "proc",
        "pstore", "qnx4", "qnx6", "ramfs", "reiserfs", "resctrl", "romfs", "rpc_pipefs", "securityfs", "selinuxfs",
        "smackfs", "smb3",
        "squashfs", "sysfs", "sysv", "tmpfs", "tracefs", "ubifs", "udf", "ufs", "vboxsf", "vfat", "virtiofs", "xenfs",
        "xfs", "zfs",
        "zonefs",
    ]
}
