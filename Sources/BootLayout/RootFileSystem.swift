/// The file systems that a root on a disk can have.
public enum RootFileSystem: Sendable, CaseIterable {
    case erofs, iso9660

    /// As mount(2) and people know it.
    public var type: String {
        switch self {
        case .erofs: "erofs"
        case .iso9660: "iso9660"
        }
    }

    /// The kernel module.
    public var module: String {
        switch self {
        case .erofs: "erofs"
        case .iso9660: "isofs"
        }
    }

    /// For messages.
    public var name: String {
        switch self {
        case .erofs: "EROFS"
        case .iso9660: "ISO 9660"
        }
    }

    /// What an init that mounts such a root has among its texts, so that the assembler can tell.
    public var mark: String {
        switch self {
        case .erofs: BootLayout.rootMark
        case .iso9660: "taking the root from a disk with ISO 9660"
        }
    }
}
