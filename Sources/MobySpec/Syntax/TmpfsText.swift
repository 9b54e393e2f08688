internal import Extents

/// An entry of `tmpfs`: `destination[:options]`.
enum TmpfsText {
    static func check(_ text: String) -> SyntaxFault? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard let destination = parts.first, parts.count <= 2 else {
            return SyntaxFault(
                "is '\(PlainText.short(text))', expected destination[:options]",
                hint: "options are separated by commas: /tmp:size=64m,mode=1777")
        }
        return GuestPath.check(destination: destination, of: text)
    }
}
