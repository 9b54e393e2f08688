/// Options as fstab(5) writes them, sorted into what mount(2) takes.
struct MountOptions: Equatable {
    var flags: MountFlags = []
    /// Propagation types, in their order; each needs a call of its own.
    var propagation: [MountFlags] = []
    /// What is no flag, for the file system itself.
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
