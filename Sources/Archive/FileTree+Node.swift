public import Extents

extension FileTree {
    /// What a name stands for, and what goes with it.
    public enum Kind: Sendable {
        case directory
        case regular(ExtentList)
        case symlink([UInt8])
        case characterDevice(major: UInt32, minor: UInt32)
        case blockDevice(major: UInt32, minor: UInt32)
        case fifo
    }

    /// A file, folder, link or device with its metadata, apart from its names.
    public struct Node: Sendable {
        public var kind: Kind
        /// Permission bits with set-user-ID, set-group-ID and sticky: twelve bits.
        public var mode: UInt16
        public var uid: UInt32
        public var gid: UInt32
        /// Seconds since 1970.
        public var modified: Int64
        /// Extended attributes in name order.
        public var attributes: [Attribute]

        public init(
            _ kind: Kind, mode: UInt16, uid: UInt32 = 0, gid: UInt32 = 0, modified: Int64 = 0,
            attributes: [Attribute] = []
        ) {
            self.kind = kind
            self.mode = mode
            self.uid = uid
            self.gid = gid
            self.modified = modified
            self.attributes = attributes
        }
    }

    /// An extended attribute (xattr(7)).
    public struct Attribute: Sendable, Equatable {
        public var name: String
        public var value: [UInt8]

        public init(name: String, value: [UInt8]) {
            self.name = name
            self.value = value
        }
    }

    /// A ``Kind`` without what goes with it.
    enum Shape: UInt8 {
        case directory, file, sparse, symlink, characterDevice, blockDevice, fifo

        var isDirectory: Bool { self == .directory }

        var description: String {
            switch self {
            case .directory: "a directory"
            case .file, .sparse: "a regular file"
            case .symlink: "a symlink"
            case .characterDevice, .blockDevice: "a device"
            case .fifo: "a fifo"
            }
        }
    }
}
