internal import Extents

/// An entry of `tmpfs`: `destination[:options]`.
enum TmpfsText {
    private static func parts(_ text: String) -> [String] {
        text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    }

    /// The entry with a destination that begins with '/'.
    static func mended(_ text: String) -> (value: String, reason: SyntaxFault)? {
        let parts = parts(text)
        guard let (destination, reason) = GuestPath.mended(destination: parts.first ?? "") else { return nil }
        return (([destination] + parts.dropFirst()).joined(separator: ":"), reason)
    }

    static func check(_ text: String) -> SyntaxFault? {
        let parts = parts(text)
        guard let destination = parts.first, parts.count <= 2 else {
            return SyntaxFault(
                "is '\(PlainText.short(text))', expected destination[:options]",
                hint: "options are separated by commas: /tmp:size=64m,mode=1777")
        }
        return GuestPath.check(destination: destination, of: text)
    }
}
