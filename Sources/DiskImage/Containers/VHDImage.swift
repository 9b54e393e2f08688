public import Extents

extension VHD {
    /// A VHD file that was read.
    public struct Image: Sendable {
        public let kind: Kind
        /// Of the disk, in bytes.
        public let size: UInt64
        /// Of a dynamic disk, in bytes.
        public let blockSize: UInt64?
        let file: ExtentList
        let table: [UInt32]
        /// Whether the end of the file is missing; of a dynamic disk, there is a copy of the footer at the start.
        public internal(set) var isCutShort = false
    }

    /// As ``read(_:)``, also for a truncated dynamic disk: its lost blocks are missing.
    /// - Throws: as ``read(_:)``.
    public static func salvage(_ file: ExtentList) throws -> Image {
        do { return try read(file) } catch let problem as DiskImageError {
            guard let footer = try valueIfValid({ try ByteView(file, at: 0, count: 512, "VHD footer") }),
                footer.bytes.starts(with: Array("conectix".utf8)),
                try footer.u32be(64) == checksum(footer.bytes, at: 64), try footer.u32be(60) == Kind.dynamic.rawValue
            else { throw problem }
            let size = try footer.u64be(48)
            guard size <= limit else { throw problem }
            var image = try readDynamic(file, size: size, headerAt: try footer.u64be(16))
            image.isCutShort = true
            return image
        }
    }

    /// Reads the footer, and of a dynamic disk header and block table.
    /// - Throws: `DiskImageError` for anything but an intact VHD; `FileError`, `ExtentError`.
    public static func read(_ file: ExtentList) throws -> Image {
        guard file.length >= 512 else { throw DiskImageError("not a VHD: \(file.length) bytes, expected at least 512") }
        let footer = try ByteView(file, at: file.length - 512, count: 512, "VHD footer")
        guard try footer.slice(0, 8).elementsEqual("conectix".utf8) else {
            throw DiskImageError("not a VHD: no 'conectix' in the last 512 bytes")
        }
        guard try footer.u32be(64) == checksum(footer.bytes, at: 64) else {
            throw DiskImageError("VHD footer: wrong checksum")
        }
        let size = try footer.u64be(48)
        let number = try footer.u32be(60)
        guard let kind = Kind(rawValue: number) else {
            throw DiskImageError("VHD of kind \(number), expected 2 (fixed) or 3 (dynamic)")
        }
        guard size <= limit else { throw DiskImageError("VHD: a disk of \(size) bytes, expected at most \(limit)") }
        if kind == .fixed {
            guard size <= file.length - 512 else {
                throw DiskImageError("VHD: \(file.length - 512) bytes, the footer says \(size)")
            }
            return Image(kind: kind, size: size, blockSize: nil, file: file, table: [])
        }
        return try readDynamic(file, size: size, headerAt: try footer.u64be(16))
    }

    private static func readDynamic(_ file: ExtentList, size: UInt64, headerAt offset: UInt64) throws -> Image {
        let header = try ByteView(file, at: offset, count: 1024, "VHD header")
        guard try header.slice(0, 8).elementsEqual("cxsparse".utf8) else {
            throw DiskImageError("VHD header: no 'cxsparse' at byte \(offset)")
        }
        guard try header.u32be(36) == checksum(header.bytes, at: 36) else {
            throw DiskImageError("VHD header: wrong checksum")
        }
        let block = UInt64(try header.u32be(32))
        guard block >= sector, block.nonzeroBitCount == 1 else {
            throw DiskImageError("VHD: blocks of \(block) bytes, expected a power of two")
        }
        let count = UInt64(try header.u32be(28))
        guard count >= size.divided(by: block), count <= 4 << 20 else {
            throw DiskImageError("VHD: \(count) blocks of \(block) bytes for a disk of \(size) bytes")
        }
        let table = try ByteView(file, at: try header.u64be(16), count: Int(count) * 4, "VHD block table")
        return Image(
            kind: .dynamic, size: size, blockSize: block, file: file,
            table: try (0..<Int(count)).map { try table.u32be($0 * 4) })
    }
}

extension VHD.Image {
    /// The disk's bytes, as ranges of the file.
    /// - Throws: `DiskImageError` for a damaged file; `FileError`, `ExtentError`.
    public func contents() throws -> ExtentList {
        guard let blockSize else { return file[0..<size] }
        var disk = ExtentList()
        // Every block takes room in a file that is right.
        var budget = file.length / blockSize + (isCutShort ? 1 : 0)
        var missing = 1 << 16
        for (index, first) in table.enumerated() where first != .max && UInt64(index) * blockSize < size {
            disk.pad(to: UInt64(index) * blockSize)
            if isCutShort, UInt64(first) * VHD.sector + blockSize + VHD.sector > file.length, missing > 0 {
                missing -= 1
                disk.extendMissing(to: disk.length + blockSize)
                continue
            }
            guard budget > 0 else { throw DiskImageError("VHD: the table refers to more blocks than the file has") }
            budget -= 1
            try addBlock(at: UInt64(first) * VHD.sector, blockSize, to: &disk)
        }
        disk.pad(to: max(size, disk.length))
        return disk[0..<size]
    }

    private func addBlock(at offset: UInt64, _ blockSize: UInt64, to disk: inout ExtentList) throws {
        let sectors = Int(blockSize / VHD.sector)
        let bitmap = try ByteView(file, at: offset, count: ((sectors + 7) / 8 + 511) / 512 * 512, "VHD block's bitmap")
        let data = offset + UInt64(bitmap.count)
        guard data + blockSize <= file.length else {
            throw DiskImageError("VHD: a block at byte \(offset) is beyond the end at \(file.length)")
        }
        if bitmap.bytes.prefix(sectors / 8).allSatisfy({ $0 == 0xff }) {
            return disk.append(file[data..<data + blockSize])
        }
        for sector in 0..<sectors {
            let start = data + UInt64(sector) * VHD.sector
            let isStored = bitmap.bytes[sector / 8] & (0x80 >> UInt8(sector % 8)) > 0
            if isStored { disk.append(file[start..<start + VHD.sector]) } else { disk.append(.hole(VHD.sector)) }
        }
    }
}

extension VHD {
    /// Names of other files that are needed to read this one: the parent of a differencing disk, whose name the dynamic
    /// header has at byte 64 in UTF-16; empty when it has none.
    /// - Throws: `DiskImageError`, `FileError`, `ExtentError`.
    public static func references(_ file: ExtentList) throws -> [String] {
        let last = file.length - min(file.length, 512)
        for offset in [0, last] where file.length >= 512 {
            let footer = try ByteView(file, at: offset, count: 512, "VHD footer")
            guard try footer.slice(0, 8).elementsEqual("conectix".utf8), try footer.u32be(60) == differencing else {
                continue
            }
            let start = try footer.u64be(16)
            guard let header = try valueIfValid({ try ByteView(file, at: start, count: 1024, "VHD header") }) else {
                return [""]
            }
            let units = try (0..<256).map { try header.u16be(64 + $0 * 2) }.prefix { $0 != 0 }
            return [String(decoding: units, as: UTF16.self)]
        }
        return []
    }

    private static let differencing: UInt32 = 4
}
