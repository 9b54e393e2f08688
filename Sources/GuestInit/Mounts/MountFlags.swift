/// Flags of mount(2), with the values of linux/mount.h.
struct MountFlags: OptionSet, Hashable {
    var rawValue: UInt

    static let readOnly = MountFlags(rawValue: 1)
    static let noSetUID = MountFlags(rawValue: 2)
    static let noDevices = MountFlags(rawValue: 4)
    static let noExecution = MountFlags(rawValue: 8)
    static let synchronous = MountFlags(rawValue: 16)
    static let remount = MountFlags(rawValue: 32)
    static let mandatoryLocks = MountFlags(rawValue: 64)
    static let directorySynchronous = MountFlags(rawValue: 128)
    static let noAccessTime = MountFlags(rawValue: 1024)
    static let noDirectoryAccessTime = MountFlags(rawValue: 2048)
    static let bind = MountFlags(rawValue: 4096)
    static let move = MountFlags(rawValue: 8192)
    static let recursive = MountFlags(rawValue: 16384)
    static let unbindable = MountFlags(rawValue: 1 << 17)
    static let `private` = MountFlags(rawValue: 1 << 18)
    static let slave = MountFlags(rawValue: 1 << 19)
    static let shared = MountFlags(rawValue: 1 << 20)
    static let relativeAccessTime = MountFlags(rawValue: 1 << 21)
    static let strictAccessTime = MountFlags(rawValue: 1 << 24)

    /// What a bind mount only takes from a second, remounting call.
    static let perMount: MountFlags = [
        .readOnly, .noSetUID, .noDevices, .noExecution, .noAccessTime, .noDirectoryAccessTime, .relativeAccessTime,
        .strictAccessTime,
    ]
}
