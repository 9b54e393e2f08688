extension FAT {
    /// The name of a volume: 11 bytes, filled up with spaces.
    struct Label {
        let text: String

        var isEmpty: Bool { text.isEmpty }
        /// As it stands in the boot sector.
        var bytes: [UInt8] {
            let letters = Array((isEmpty ? "NO NAME" : text).utf8)
            return letters + [UInt8](repeating: 0x20, count: 11 - letters.count)
        }

        init(_ text: String) throws {
            let legal = text.utf8.allSatisfy { $0 == 0x20 || ShortName.isLegal($0) } && text.first != " "
            guard legal, text.utf8.count <= 11 else {
                throw DiskImageError(
                    "volume label '\(text)', expected at most 11 of A-Z, 0-9, space and !#$%&'()-@^_`{}~",
                    hint: "a shorter label in capital letters")
            }
            self.text = text
        }
    }
}
