internal import Extents
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
    let volumes: VolumeTable
    /// Where to point at for a value of this origin.
    let place: (Origin) -> SourceLocation

    /// The standard mounts. On a host with cgroup v2, runc gives type `cgroup` the unified hierarchy.
    init(readonly: Choice<Bool>?, volumes: VolumeTable, place: @escaping (Origin) -> SourceLocation) {
        self.volumes = volumes
        self.place = place
        let readonly = readonly?.value == true ? ["ro"] : []
        set("/proc", "proc", ["nosuid", "nodev", "noexec", "relatime"])
        set("/dev", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"] + readonly)
        set("/dev/pts", "devpts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"])
        set("/dev/shm", "tmpfs", source: "shm", ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"])
        set("/sys", "sysfs", ["nosuid", "noexec", "nodev"] + readonly)
        set("/sys/fs/cgroup", "cgroup", ["nosuid", "noexec", "nodev", "relatime", "ro"])
    }

    private mutating func set(_ destination: String, _ type: String, source: String? = nil, _ options: [String]) {
        mounts[destination] = Mount(
            destination: destination, type: type, source: source ?? type, options: options, origin: .standard)
    }

    /// `dst` or `dst:option,option`.
    mutating func add(tmpfs text: String, _ origin: Origin) throws(Diagnostic) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2, let destination = parts.first.map(rooted) else {
            throw Diagnostic(
                at: place(origin), "tmpfs '\(PlainText.short(text))' has more than one ':'",
                hint: "write /path or /path:size=64m,mode=755")
        }
        let options = parts.count == 2 ? parts[1].split(separator: ",").map(String.init) : []
        mounts[destination] = Mount(
            destination: destination, type: "tmpfs", source: "tmpfs", options: options, origin: origin)
    }

    /// `src:dst[:option,option]`; a source without a leading slash is a volume.
    mutating func add(bind text: String, _ origin: Origin) throws(Diagnostic) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 || parts.count == 3 else {
            throw Diagnostic(
                at: place(origin), "bind '\(PlainText.short(text))' has \(parts.count) parts, expected 2 or 3",
                hint: "write source:destination or source:destination:ro")
        }
        let destination = rooted(parts[1])
        var options = parts.count == 3 ? parts[2].split(separator: ",").map(String.init) : ["rw", "rbind", "rshared"]
        let source = try volumes.source(parts[0], options: options, at: place(origin))
        if parts.count == 3, !options.contains("rbind") { options.append("rbind") }
        mounts[destination] = Mount(
            destination: destination, type: "bind", source: source, options: options, origin: origin)
    }

    mutating func add(_ mount: MountSpec, _ origin: Origin) throws(Diagnostic) {
        let options = mount.options ?? []
        let isBind = options.contains("bind") || options.contains("rbind")
        guard let type = filled(mount.type) ?? (isBind ? "bind" : inferredType(mount)) else {
            throw Diagnostic(
                at: place(origin), "mount has no type",
                hint: "types: bind, tmpfs, proc, sysfs, devpts, mqueue, cgroup, or a file system")
        }
        let standard = [
            "proc": "/proc", "devpts": "/dev/pts", "sysfs": "/sys", "cgroup": "/sys/fs/cgroup", "mqueue": "/dev/mqueue",
        ]
        guard let destination = (filled(mount.destination) ?? standard[type]).map(rooted) else {
            throw Diagnostic(
                at: place(origin), "mount of type '\(PlainText.short(type))' has no destination",
                hint: "add destination: /path")
        }
        var source = filled(mount.source) ?? type
        if type == "bind" { source = try volumes.source(source, options: options, at: place(origin)) }
        mounts[destination] = Mount(
            destination: destination, type: type, source: source, options: options,
            uidMappings: mount.uidMappings ?? [],
            gidMappings: mount.gidMappings ?? [], origin: origin)
    }

    private func filled(_ text: String?) -> String? { text.flatMap { $0.isEmpty ? nil : $0 } }

    private func inferredType(_ mount: MountSpec) -> String? {
        if let source = mount.source, ["mqueue", "devpts", "proc", "sysfs", "cgroup"].contains(source) {
            return source
        }
        return mount.destination == "/dev" ? "tmpfs" : nil
    }

    /// A destination as runc takes it: a relative one is meant from the root.
    private func rooted(_ destination: String) -> String {
        destination.hasPrefix("/") ? destination : "/" + destination
    }

    /// Mounts of a type that no kernel is known to have, in order of destinations.
    var unknownTypes: [Mount] {
        mounts.values.filter { $0.type != "bind" && !FileSystemTypes.knows($0.type) }.sorted {
            $0.destination < $1.destination
        }
    }

    /// In byte order of destinations: parents before what lies below them.
    var traced: [Traced] {
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
