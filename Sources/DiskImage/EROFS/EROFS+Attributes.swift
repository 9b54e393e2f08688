internal import Archive
internal import Extents

extension EROFS {
    /// Extended attributes behind an inode (struct erofs_xattr_ibody_header, struct erofs_xattr_entry):
    /// ```
    ///   0 reserved, u32   4 number of shared attributes, u8 (0)   5 seven zeros
    ///  12 entries: length of the name, u8; prefix, u8; length of the value, u16; the name without its prefix; the value;
    ///     zeros to a multiple of 4
    /// ```
    enum Attributes {
        static let headerLength = 12

        /// Number and text of the prefixes that can be stored. The two of access control lists are whole names.
        static let prefixes: [(number: UInt8, text: String)] = [
            (1, "user."), (2, "system.posix_acl_access"), (3, "system.posix_acl_default"), (4, "trusted."), (6, "security."),
        ]

        /// - Returns: nothing for a node without attributes.
        static func bytes(_ attributes: [FileTree.Attribute], of path: TreePath) throws -> [UInt8] {
            guard !attributes.isEmpty else { return [] }
            var bytes = ByteBuilder()
            bytes.fill(headerLength)
            for attribute in attributes {
                let (prefix, rest) = try split(attribute.name, of: path)
                guard rest.count <= 255, attribute.value.count <= Int(UInt16.max) else {
                    throw DiskImageError("'/\(path)': attribute '\(attribute.name)' has \(attribute.value.count) bytes, at most 65535 fit")
                }
                bytes.u8(UInt8(rest.count))
                bytes.u8(prefix)
                bytes.u16le(UInt16(attribute.value.count))
                bytes.append(rest)
                bytes.append(attribute.value)
                bytes.pad(toMultipleOf: 4)
            }
            guard bytes.count <= headerLength + 4 * (Int(UInt16.max) - 1) else {
                throw DiskImageError("'/\(path)': its attributes have \(bytes.count) bytes, at most 262148 fit")
            }
            return bytes.bytes
        }

        /// The number that an inode keeps for that many bytes of attributes.
        static func count(_ length: Int) -> UInt16 { length == 0 ? 0 : UInt16((length - headerLength) / 4 + 1) }

        private static func split(_ name: String, of path: TreePath) throws -> (UInt8, [UInt8]) {
            for prefix in prefixes where name.hasPrefix(prefix.text) {
                let rest = Array(name.utf8.dropFirst(prefix.text.utf8.count))
                if prefix.text.hasSuffix(".") != rest.isEmpty { return (prefix.number, rest) }
            }
            throw DiskImageError(
                "'/\(path)': attribute '\(name)' cannot be stored", hint: "Linux knows user., trusted., security. and POSIX access lists")
        }
    }
}
