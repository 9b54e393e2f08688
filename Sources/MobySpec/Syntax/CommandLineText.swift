/// The kernel's command line.
enum CommandLineText {
    /// A line break at the end, as `|` and `>` of YAML leave it, makes no difference.
    static func check(_ text: String) -> SyntaxFault? {
        let line = text.last?.isNewline == true ? text.dropLast() : text[...]
        if line.contains(where: \.isNewline) {
            return SyntaxFault(
                "has several lines, expected one", hint: "write '>' in place of '|', which joins the lines")
        }
        guard line.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else { return nil }
        return SyntaxFault("contains a control character")
    }
}
