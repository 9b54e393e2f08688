internal import CInit

/// The machine's name.
enum Hostname {
    /// Linux takes no more bytes.
    static let longest = 64

    /// The name that `text` holds, without its domain when it is too long for Linux.
    static func checked(_ text: String) throws(MetadataError) -> String {
        let name = Text.trimmed(text)
        let isLegal = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): true
            default: false
            }
        }
        let label = name.prefix { $0 != "." }
        guard isLegal, !label.isEmpty, label.utf8.count <= longest else {
            throw MetadataError(
                "hostname '\(String(name.prefix(longest)))', expected letters, digits, '-' and '.', \(longest) bytes at most")
        }
        return name.utf8.count > longest ? String(label) : name
    }

    static func set(_ name: String) throws(MetadataError) {
        let result = cinit_set_hostname(name)
        guard result == 0 else { throw MetadataError("set hostname", name, number: -result) }
    }
}
