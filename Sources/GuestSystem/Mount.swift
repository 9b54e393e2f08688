internal import CInit

/// One call of mount(2).
package struct MountCall: Equatable {
    package var source: String
    package var target: String
    package var type: String
    package var flags: MountFlags
    package var data: String

    package init(source: String, target: String, type: String = "", flags: MountFlags, data: String = "") {
        (self.source, self.target, self.type, self.flags, self.data) = (source, target, type, flags, data)
    }

    package func perform() throws(SystemError) {
        let result = cinit_mount(source, target, type, flags.rawValue, data.isEmpty ? nil : data)
        let name = type.isEmpty || source.hasPrefix("/") ? source : type
        try SystemError.check(result, "mounting", "\(name) on \(target)")
    }

    /// Detaches the topmost mount at `target`; it ends when nothing uses it any more. There may be none.
    package static func detach(_ target: String) { _ = cinit_unmount(target, 1) }
}

/// Flags of mount(2), with the values of linux/mount.h.
package struct MountFlags: OptionSet, Hashable {
    package var rawValue: UInt

    package init(rawValue: UInt) { self.rawValue = rawValue }

    package static let readOnly = MountFlags(rawValue: 1)
    package static let noSetUID = MountFlags(rawValue: 2)
    package static let noDevices = MountFlags(rawValue: 4)
    package static let noExecution = MountFlags(rawValue: 8)
    package static let synchronous = MountFlags(rawValue: 16)
    package static let remount = MountFlags(rawValue: 32)
    package static let mandatoryLocks = MountFlags(rawValue: 64)
    package static let directorySynchronous = MountFlags(rawValue: 128)
    package static let noAccessTime = MountFlags(rawValue: 1024)
    package static let noDirectoryAccessTime = MountFlags(rawValue: 2048)
    package static let bind = MountFlags(rawValue: 4096)
    package static let move = MountFlags(rawValue: 8192)
    package static let recursive = MountFlags(rawValue: 16384)
    package static let unbindable = MountFlags(rawValue: 1 << 17)
    package static let `private` = MountFlags(rawValue: 1 << 18)
    package static let slave = MountFlags(rawValue: 1 << 19)
    package static let shared = MountFlags(rawValue: 1 << 20)
    package static let relativeAccessTime = MountFlags(rawValue: 1 << 21)
    package static let strictAccessTime = MountFlags(rawValue: 1 << 24)

    /// What a bind mount only takes from a second, remounting call.
    package static let perMount: MountFlags = [
        .readOnly, .noSetUID, .noDevices, .noExecution, .noAccessTime, .noDirectoryAccessTime, .relativeAccessTime,
        .strictAccessTime,
    ]
}
