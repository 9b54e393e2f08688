internal import Extents

/// Looks at a decompressed archive as it goes by, for what Compute Engine would refuse: anything but one file
/// `disk.raw` of whole GiB.
public struct GCPArchiveInspector {
    /// The facts that it found.
    public struct Facts: Sendable, Equatable {
        /// Size of the disk in bytes.
        public let size: UInt64
        /// Whether the disk has an EFI system partition.
        public let isEFI: Bool
    }

    private enum Phase { case header, extensions, contents, tail }

    private static let headLength = 34 * 512

    private var phase = Phase.header
    private var block: [UInt8] = []
    private var size: UInt64 = 0
    private var rest: UInt64 = 0
    /// The first sectors of the disk, when they are stored.
    private var head: [UInt8] = []
    private var beginsAtZero = true

    public init() {}

    /// Takes the next bytes of the archive.
    /// - Throws: `DiskImageError`.
    public mutating func write(_ bytes: UnsafeRawBufferPointer) throws {
        var bytes = bytes[...]
        while !bytes.isEmpty {
            switch phase {
            case .header, .extensions:
                let piece = bytes.prefix(512 - block.count)
                block += piece
                bytes = bytes.dropFirst(piece.count)
                if block.count == 512 { try read(ByteView(block, "tar header")) }
            case .contents:
                let piece = bytes.prefix(Int(min(rest, UInt64(bytes.count))))
                if beginsAtZero, head.count < Self.headLength { head += piece.prefix(Self.headLength - head.count) }
                rest -= UInt64(piece.count)
                bytes = bytes.dropFirst(piece.count)
                if rest == 0 { phase = .tail }
            case .tail:
                guard bytes.allSatisfy({ $0 == 0 }) else {
                    throw DiskImageError(
                        "the archive has other files than '\(GCPArchive.name)'",
                        hint: "Compute Engine requires this file alone")
                }
                return
            }
        }
    }

    /// - Throws: `DiskImageError` when the archive is truncated.
    public func finish() throws -> Facts {
        guard case .tail = phase else { throw DiskImageError("the archive is truncated") }
        return Facts(size: size, isEFI: isEFI)
    }

    private mutating func read(_ view: ByteView) throws {
        defer { block = [] }
        var more = false
        if phase == .header {
            let head = try GCPArchive.Head(view)
            size = head.size
            rest = head.stored.rounded(to: GCPArchive.block)
            if head.isSparse { beginsAtZero = head.map.first?.offset == 0 }
            more = head.hasMore
            guard size > 0, size % GCPArchive.sizeUnit == 0 else {
                throw DiskImageError(
                    "the disk has \(size) bytes; Compute Engine requires whole GiB", hint: "build it with --format gcp")
            }
        } else {
            more = try view.u8(504) > 0
        }
        phase = more ? .extensions : rest == 0 ? .tail : .contents
    }

    /// A GPT with such a partition, or an MBR with one of type 0xEF.
    private var isEFI: Bool {
        var disk = ExtentList(bytes: head)
        disk.pad(to: size)
        // In memory: an error is a table that does not exist or is damaged.
        let (table, entries) = (try? GPT.Table(disk), try? MBR.entries(of: disk, isWhole: false))
        return table?.entries.contains { $0.type == .efiSystem } ?? false
            || entries?.contains { $0.type == 0xEF } ?? false
    }
}
