/// The discussion in a command's help: what there is to say, then examples and the page with more.
enum HelpText {
    /// - Parameters:
    ///   - text: one paragraph, or nothing.
    ///   - examples: command lines.
    ///   - page: of the documentation, from the root of the repository.
    static func discussion(_ text: String = "", examples: [String], page: String) -> String {
        let title = examples.count == 1 ? "Example:  " : "Examples: "
        let margin = String(repeating: " ", count: title.count)
        let lines = examples.enumerated().map { ($0 == 0 ? title : margin) + $1 }
        return (text.isEmpty ? [] : [text, ""]).joined(separator: "\n") + (text.isEmpty ? "" : "\n")
            + (lines + ["Page:     \(page)"]).joined(separator: "\n")
    }
}
