internal import Extents

/// Names of containers and volumes, which become names of directories in the guest.
enum PartName {
    /// Also the characters that runc takes for the name of a container.
    static func check(container name: String) -> SyntaxFault? {
        if name.isEmpty { return SyntaxFault("is empty") }
        if name == "." || name == ".." || name.contains("/") {
            return SyntaxFault(
                "is '\(PlainText.short(name))', which is a path",
                hint: "the name becomes a directory: use letters, digits, '-', '_' and '.'")
        }
        let isFine = name.utf8.allSatisfy { isLetter($0) || isUpper($0) || isDigit($0) || "_+.-".utf8.contains($0) }
        guard isFine else {
            return SyntaxFault("is '\(PlainText.short(name))', expected letters, digits, '-', '_', '+' and '.'")
        }
        return name.utf8.count <= 200 ? nil : SyntaxFault("has \(name.utf8.count) characters, expected at most 200")
    }

    static func check(volume name: String) -> SyntaxFault? {
        if name.isEmpty { return SyntaxFault("is empty") }
        guard name.utf8.allSatisfy({ isLetter($0) || isDigit($0) || "_-".utf8.contains($0) }) else {
            return SyntaxFault("is '\(PlainText.short(name))', expected letters a-z, digits, '-' and '_'")
        }
        return name.utf8.count <= 200 ? nil : SyntaxFault("has \(name.utf8.count) characters, expected at most 200")
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (97...122).contains(byte) }
    private static func isUpper(_ byte: UInt8) -> Bool { (65...90).contains(byte) }
    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
}
