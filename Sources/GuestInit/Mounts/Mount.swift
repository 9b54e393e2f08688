internal import BootLayout
internal import CInit
internal import GuestSystem

extension MountCall {
    /// The calls for `mount`: itself, the remount that gives a bind mount its flags, and its propagation.
    static func calls(for mount: RuntimeRecord.Mount, at target: String) -> [MountCall] {
        var options = MountOptions(mount.options)
        // fstab-style entries may give "bind" as the type.
        if mount.type == "bind" { options.flags.formUnion(.bind) }
        if mount.type == "rbind" { options.flags.formUnion([.bind, .recursive]) }
        let onlyPropagation = options.flags == .remount && options.data.isEmpty && !options.propagation.isEmpty
        let data = options.data.joined(separator: ",")
        var calls: [MountCall] = []
        if !onlyPropagation && !(mount.type.isEmpty && mount.source.isEmpty && options.flags.isEmpty) {
            calls.append(
                MountCall(source: mount.source, target: target, type: mount.type, flags: options.flags, data: data))
        }
        let perMount = options.flags.intersection(.perMount)
        if options.flags.contains(.bind), !options.flags.contains(.remount), !perMount.isEmpty {
            calls.append(MountCall(source: "", target: target, type: "", flags: perMount.union([.bind, .remount])))
        }
        calls += options.propagation.map { MountCall(source: "", target: target, type: "", flags: $0) }
        return calls
    }
}

/// Options as fstab(5) writes them, sorted into what mount(2) takes.
struct MountOptions: Equatable {
    var flags: MountFlags = []
    /// Propagation types, in their order; each needs a call of its own.
    var propagation: [MountFlags] = []
    /// Everything else, for the file system itself.
    var data: [String] = []

    init(_ options: [String]) {
        for option in options.flatMap({ $0.split(separator: ",") }) {
            let word = String(option)
            if let change = Self.words[word] {
                if change.isSet { flags.formUnion(change.flag) } else { flags.subtract(change.flag) }
            } else if let type = Self.propagationWords[word] {
                propagation.append(type)
            } else {
                data.append(word)
            }
        }
    }

    /// The value of `name=value` among the data.
    func value(_ name: String) -> String? {
        data.last { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.utf8.count + 1)) }
    }

    private static let words: [String: (isSet: Bool, flag: MountFlags)] = [
        "defaults": (true, []), "ro": (true, .readOnly), "rw": (false, .readOnly), "nosuid": (true, .noSetUID),
        "suid": (false, .noSetUID),
        "nodev": (true, .noDevices), "dev": (false, .noDevices), "noexec": (true, .noExecution),
        "exec": (false, .noExecution),
        "sync": (true, .synchronous), "async": (false, .synchronous), "dirsync": (true, .directorySynchronous),
        "remount": (true, .remount),
        "mand": (true, .mandatoryLocks), "nomand": (false, .mandatoryLocks), "noatime": (true, .noAccessTime),
        "atime": (false, .noAccessTime),
        "nodiratime": (true, .noDirectoryAccessTime), "diratime": (false, .noDirectoryAccessTime),
        "bind": (true, .bind),
        "rbind": (true, [.bind, .recursive]), "relatime": (true, .relativeAccessTime),
        "norelatime": (false, .relativeAccessTime),
        "strictatime": (true, .strictAccessTime), "nostrictatime": (false, .strictAccessTime),
    ]

    private static let propagationWords: [String: MountFlags] = [
        "private": .private, "rprivate": [.private, .recursive], "shared": .shared, "rshared": [.shared, .recursive],
        "slave": .slave,
        "rslave": [.slave, .recursive], "unbindable": .unbindable, "runbindable": [.unbindable, .recursive],
    ]
}

/// The mounts in `/proc/self/mounts` that matter to the end of a machine.
enum MountedDisks {
    struct Disk: Equatable {
        var path: String
        /// Its server may be gone, so nothing waits for it.
        var isRemote: Bool
    }

    private static let local: Set<String> = [
        "ext2", "ext3", "ext4", "btrfs", "xfs", "vfat", "msdos", "exfat", "f2fs", "overlay",
    ]
    private static let remote: Set<String> = ["nfs", "nfs4", "cifs", "9p", "virtiofs", "ceph"]

    /// - Parameter path: the mounts of this process, as proc(5) has them.
    static func current(in path: String = "/proc/self/mounts") throws(SystemError) -> [Disk] {
        list(in: try Files.requiredText(path))
    }

    /// What must be unmounted before the power goes, the last mounted first.
    static func list(in text: String) -> [Disk] {
        text.split(separator: "\n").reversed().compactMap { line in
            let words = line.split(separator: " ")
            guard words.count > 2 else { return nil }
            let type = String(words[2])
            guard local.contains(type) || remote.contains(type) else { return nil }
            return Disk(path: unescaped(words[1]), isRemote: remote.contains(type))
        }
    }

    /// Spaces, tabs, newlines and backslashes are written as three octal digits.
    static func unescaped(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3,
                let code = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                bytes.append(code)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
