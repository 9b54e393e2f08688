internal import BootLayout
internal import Glibc

/// What a block device says about the file system on it, when it is one that a root can have.
///
/// ```
/// EROFS      struct erofs_super_block at byte 1024: magic u32 E2 E1 F5 E0, UUID at 48, label of 16 at 64
/// ISO 9660   primary volume descriptor (ECMA-119, 8.4) at byte 32768: 1, "CD001", label of 32 at 40 with spaces behind
/// ```
struct RootVolume: Equatable {
    let fileSystem: RootFileSystem
    /// In lower case with dashes; empty for ISO 9660, which has none.
    let uuid: String
    let label: String

    private static let length = 128

    /// Nil for bytes that are no superblock of EROFS.
    init?(erofs bytes: [UInt8]) {
        guard bytes.count >= Self.length, bytes[..<4].elementsEqual([0xE2, 0xE1, 0xF5, 0xE0]) else { return nil }
        fileSystem = .erofs
        let digits = bytes[48..<64].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        uuid = [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { digits[$0].joined() }.joined(separator: "-")
        label = String(decoding: bytes[64..<80].prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Nil for bytes that are no primary volume descriptor of ISO 9660.
    init?(iso9660 bytes: [UInt8]) {
        guard bytes.count >= Self.length, bytes[..<6].elementsEqual([1] + Array("CD001".utf8)) else { return nil }
        fileSystem = .iso9660
        uuid = ""
        let name = bytes[40..<72]
        label = String(decoding: name[...(name.lastIndex { $0 != 0x20 && $0 != 0 } ?? 39)], as: UTF8.self)
    }

    /// Nil for a device without such a file system.
    init?(device path: String) {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return nil }
        defer { close(file) }
        if let volume = Self.read(file, at: 1024).flatMap({ RootVolume(erofs: $0) }) {
            self = volume
        } else if let volume = Self.read(file, at: 32768).flatMap({ RootVolume(iso9660: $0) }) {
            self = volume
        } else {
            return nil
        }
    }

    private static func read(_ file: Int32, at offset: off_t) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: length)
        return pread(file, &bytes, bytes.count, offset) == bytes.count ? bytes : nil
    }

    /// For messages.
    var text: String { "\(fileSystem.name), " + (uuid.isEmpty ? "LABEL=\(label)" : "UUID=\(uuid)") }
}

/// What `moby.root=` says: `UUID=…`, `LABEL=…`, or a device such as `/dev/vda` or `vda`.
struct RootName: Equatable, CustomStringConvertible {
    enum Kind: Equatable {
        case uuid(String)
        case label(String)
        case device(String)
    }

    let kind: Kind
    let description: String

    init(_ text: String) {
        description = text
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        switch parts.first {
        case "UUID" where parts.count == 2: kind = .uuid(parts[1].lowercased())
        case "LABEL" where parts.count == 2: kind = .label(parts[1])
        default: kind = .device(text.hasPrefix("/dev/") ? String(text.dropFirst(5)) : text)
        }
    }

    /// Whether the file system on a device is the one that is meant.
    func matches(device: String, _ volume: RootVolume) -> Bool {
        switch kind {
        case .uuid(let uuid): volume.uuid == uuid
        case .label(let label): volume.label == label
        case .device(let name): device == name
        }
    }
}
