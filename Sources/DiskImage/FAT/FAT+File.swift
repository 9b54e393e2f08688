public import Extents

extension FAT {
    /// A file to put on a volume.
    public struct File: Sendable {
        /// Names with slashes between them and none in front, e.g. `EFI/BOOT/BOOTX64.EFI`.
        public var path: String
        public var content: ExtentList
        public var attributes: Attributes

        public init(_ path: String, _ content: ExtentList, attributes: Attributes = []) {
            self.path = path
            self.content = content
            self.attributes = attributes
        }
    }

    /// The attribute byte of a directory entry.
    public struct Attributes: OptionSet, Sendable {
        public let rawValue: UInt8

        public init(rawValue: UInt8) { self.rawValue = rawValue }

        public static let readOnly = Attributes(rawValue: 0x01)
        public static let hidden = Attributes(rawValue: 0x02)
        public static let system = Attributes(rawValue: 0x04)
        static let volumeLabel = Attributes(rawValue: 0x08)
        static let directory = Attributes(rawValue: 0x10)
        static let archive = Attributes(rawValue: 0x20)
        /// What marks an entry as a piece of a long name.
        static let longName: Attributes = [readOnly, hidden, system, volumeLabel]
    }
}
