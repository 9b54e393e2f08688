public import Extents

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
            let place = try footer.u64be(16)
            guard place < file.length, let header = try? ByteView(file, at: place, count: 1024, "VHD header") else {
                return [""]
            }
            let units = try (0..<256).map { try header.u16be(64 + $0 * 2) }.prefix { $0 != 0 }
            return [String(decoding: units, as: UTF16.self)]
        }
        return []
    }

    private static let differencing: UInt32 = 4
}
