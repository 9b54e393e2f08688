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
