public import Extents

extension VMDK {
    /// A sparse VMDK file that was read.
    public struct Image: Sendable {
        /// Of the disk, in bytes.
        public let size: UInt64
        /// In bytes.
        public let grainSize: UInt64
        public let isCompressed: Bool
        /// The text about the file; empty when it has none.
        public let descriptor: String
        let file: ExtentList
        /// The sectors of the grain tables.
        let directory: [UInt32]
        let tableEntries: Int
    }

    /// Header and descriptor of a file that is truncated before its grain directory: none of the disk is found.
    /// - Throws: as ``read(_:)``.
    public static func readHead(_ file: ExtentList) throws -> Image {
        let header = try header(of: file)
        let (capacity, grain) = (try header.u64le(12), try header.u64le(20))
        guard (1...4096).contains(grain), capacity <= 1 << 37 else {
            throw DiskImageError("VMDK: a disk of \(capacity) sectors")
        }
        return Image(
            size: capacity * sector, grainSize: grain * sector, isCompressed: try header.u32le(8) & 0x10000 > 0,
            descriptor: try descriptor(file, header), file: file, directory: [], tableEntries: 0)
    }

    /// Reads header, descriptor and grain directory.
    /// - Throws: `DiskImageError` for anything but an intact sparse VMDK; `FileError`, `ExtentError`.
    public static func read(_ file: ExtentList) throws -> Image {
        var header = try header(of: file)
        let descriptor = try descriptor(file, header)
        if try header.u64le(56) == directoryAtEnd {
            guard file.length >= 1536 else { throw DiskImageError("VMDK: the file ends before its footer") }
            header = try ByteView(file, at: file.length - 1024, count: 512, "VMDK footer")
            guard try header.u32le(0) == magic else {
                throw DiskImageError("VMDK: no 'KDMV' in the footer", hint: "the file may be truncated")
            }
        }
        let (capacity, grain) = (try header.u64le(12), try header.u64le(20))
        let entries = UInt64(try header.u32le(44))
        guard (1...4096).contains(grain), grain.nonzeroBitCount == 1 else {
            throw DiskImageError("VMDK: grains of \(grain) sectors")
        }
        guard (1...4096).contains(entries) else { throw DiskImageError("VMDK: grain tables of \(entries) entries") }
        guard capacity <= 1 << 37 else { throw DiskImageError("VMDK: a disk of \(capacity) sectors") }
        let tables = capacity.divided(by: grain).divided(by: entries)
        guard tables <= 4 << 20 else { throw DiskImageError("VMDK: \(tables) grain tables") }
        let position = try header.u64le(56).multipliedReportingOverflow(by: sector)
        guard !position.overflow else { throw DiskImageError("VMDK: a grain directory beyond the end of the file") }
        let directory = try ByteView(file, at: position.partialValue, count: Int(tables) * 4, "VMDK grain directory")
        return Image(
            size: capacity * sector, grainSize: grain * sector, isCompressed: try header.u32le(8) & 0x10000 > 0,
            descriptor: descriptor,
            file: file, directory: try (0..<Int(tables)).map { try directory.u32le($0 * 4) }, tableEntries: Int(entries)
        )
    }

    private static func header(of file: ExtentList) throws -> ByteView {
        let header = try ByteView(file, at: 0, count: 512, "VMDK header")
        guard try header.u32le(0) == magic else {
            throw DiskImageError("not a sparse VMDK: it does not start with 'KDMV'")
        }
        return header
    }

    private static func descriptor(_ file: ExtentList, _ header: ByteView) throws -> String {
        let (first, count) = (try header.u64le(28), try header.u64le(36))
        guard first > 0, count > 0 else { return "" }
        guard first <= 1 << 32, count <= 128 else {
            throw DiskImageError("VMDK: a descriptor of \(count) sectors at sector \(first)")
        }
        return try ByteView(file, at: first * sector, count: Int(count * sector), "VMDK descriptor").text(
            0, Int(count * sector))
    }
}

extension VMDK.Image {
    /// Hands on every grain that is stored and where it is in the disk, in bytes, in order; the last one may reach
    /// beyond the disk's end.
    /// - Throws: `DiskImageError` for a damaged file; `FileError`, or what `body` throws.
    public func forEachGrain(_ body: (UInt64, ExtentList) throws -> Void) throws {
        // Every table and grain takes room in a file that is right.
        var budget = file.length / VMDK.sector
        for (index, first) in directory.enumerated() where first > 0 {
            try spend(1, of: &budget)
            let table = try ByteView(file, at: UInt64(first) * VMDK.sector, count: tableEntries * 4, "VMDK grain table")
            for entry in 0..<tableEntries {
                let start = UInt64(index * tableEntries + entry) * grainSize
                let position = try table.u32le(entry * 4)
                // 1 is a grain of zeros.
                guard start < size, position > 1 else { continue }
                try spend(1, of: &budget)
                try body(start, try grain(at: UInt64(position) * VMDK.sector))
            }
        }
    }

    private func spend(_ amount: UInt64, of budget: inout UInt64) throws {
        guard budget >= amount else { throw DiskImageError("VMDK: the tables refer to more grains than the file has") }
        budget -= amount
    }

    private func grain(at offset: UInt64) throws -> ExtentList {
        guard isCompressed else {
            guard offset + grainSize <= file.length else {
                throw DiskImageError("VMDK: a grain at byte \(offset) is beyond the end at \(file.length)")
            }
            return file[offset..<offset + grainSize]
        }
        let count = try ByteView(file, at: offset + 8, count: 4, "VMDK grain").u32le(0)
        guard count <= grainSize * 2 else {
            throw DiskImageError("VMDK: \(count) compressed bytes for a grain of \(grainSize)")
        }
        let bytes = try ByteView(file, at: offset + 12, count: Int(count), "VMDK grain").bytes
        return ExtentList(bytes: try BlockInflater.inflate(bytes, windowBits: 15, length: Int(grainSize), "VMDK grain"))
    }
}

extension VMDK {
    /// The text that says what the file holds.
    struct Descriptor {
        /// In sectors.
        let capacity: UInt64
        let fileName: String
        /// Bytes that derive from the contents.
        let id: [UInt8]

        var text: String {
            let letters = fileName.utf8.prefix(255).map {
                (0x20..<0x7f).contains($0) && $0 != UInt8(ascii: "\"") ? $0 : UInt8(ascii: "_")
            }
            let name = String(decoding: letters, as: UTF8.self)
            let heads: UInt64 = 255
            let sectors: UInt64 = 63
            return """
                # Disk DescriptorFile
                version=1
                CID=\(contentID)
                parentCID=ffffffff
                createType="streamOptimized"

                # Extent description
                RW \(capacity) SPARSE "\(name)"

                # The Disk Data Base
                #DDB

                ddb.virtualHWVersion = "4"
                ddb.geometry.cylinders = "\(min(65535, max(1, capacity / (heads * sectors))))"
                ddb.geometry.heads = "\(heads)"
                ddb.geometry.sectors = "\(sectors)"
                ddb.adapterType = "lsilogic"

                """
        }

        /// Eight hexadecimal digits. All ones and all ones but the last have meanings of their own.
        private var contentID: String {
            let number = id.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7fff_ffff
            let digits = String(number, radix: 16)
            return String(repeating: "0", count: 8 - digits.count) + digits
        }
    }
}

extension VMDK {
    /// Where QEMU looks for the text of a sparse file's parent (block/vmdk.c), whatever its header says.
    private static let parentText = (offset: UInt64(512), length: UInt64(20 * 512))
    /// QEMU reads no longer descriptor.
    private static let longestText: UInt64 = 1 << 20

    /// Names of other files that a program which opens this one opens as well: extents of a descriptor that is a file
    /// of its own, or that a sparse file without a capacity has, and the parent of a delta.
    /// - Throws: `FileError`, `ExtentError`.
    public static func references(_ file: ExtentList) throws -> [String] {
        let head = try bytes(file, at: 0, count: 512)
        switch head.prefix(4) {
        case let start where start.elementsEqual("KDMV".utf8):
            let header = ByteView(head, "VMDK header")
            var names = parents(in: try bytes(file, at: parentText.offset, count: parentText.length))
            // Without a capacity, QEMU takes the embedded descriptor for one that is a file of its own.
            if try head.count < 512 || header.u64le(12) == 0 {
                let first =
                    head.count < 512 ? 0 : try header.u64le(28).multipliedReportingOverflow(by: sector).partialValue
                let text = try bytes(file, at: first, count: longestText)
                names += extents(in: text) + parents(in: text)
            }
            return names
        case let start where start.elementsEqual("COWD".utf8):
            return parents(in: try bytes(file, at: parentText.offset, count: parentText.length))
        default:
            let text = try bytes(file, at: 0, count: longestText)
            return extents(in: text) + parents(in: text)
        }
    }

    private static func bytes(_ file: ExtentList, at offset: UInt64, count: UInt64) throws -> [UInt8] {
        guard offset < file.length else { return [] }
        return try file.bytes(at: offset, count: Int(min(count, file.length - offset)))
    }

    /// The quoted names after a type: `RW 2048 FLAT "disk-flat.vmdk" 0`. Lines and pairs of quotes are not relied on:
    /// who reads them differently would see other names.
    private static func extents(in text: [UInt8]) -> [String] {
        text.indices.filter { text[$0] == UInt8(ascii: "\"") }.compactMap { quote in
            var end = quote
            while end > 0, isBlank(text[end - 1]) { end -= 1 }
            var start = end
            while start > 0, text[start - 1].isASCIIUppercase { start -= 1 }
            return start < end ? name(in: text[(quote + 1)...]) : nil
        }
    }

    /// `parentFileNameHint="parent.vmdk"`, as QEMU finds it: the first one, whose name begins two bytes behind the
    /// word.
    private static func parents(in text: [UInt8]) -> [String] {
        guard let found = text.firstRange(of: Array("parentFileNameHint".utf8)) else { return [] }
        let name = name(in: text[min(found.upperBound + 2, text.endIndex)...])
        return name.isEmpty ? [] : [name]
    }

    private static func name(in text: ArraySlice<UInt8>) -> String {
        String(decoding: text.prefix { $0 != UInt8(ascii: "\"") && $0 != 0x0A && $0 != 0 }, as: UTF8.self)
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
