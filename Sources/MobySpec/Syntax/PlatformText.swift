internal import Extents

/// A platform: `os/arch[/variant]`.
enum PlatformText {
    static func check(_ text: String) -> SyntaxFault? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let isFine =
            (2...3).contains(parts.count) && parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy(isAlphanumeric) }
        return isFine
            ? nil
            : SyntaxFault(
                "is '\(PlainText.short(text))', expected os/arch or os/arch/variant", hint: "for example linux/amd64")
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (97...122).contains(byte) || byte == UInt8(ascii: "_")
    }
}
