internal import Foundation

/// A part of a page under `docs/` that a test has written: `<!-- NAME -->`, the text, `<!-- end of NAME -->`, each on a
/// line of its own.
public struct RecordedText {
    private let path: String
    private let start: String
    private let end: String
    private let normal: (String) -> String

    /// A part that is not there.
    public struct Missing: Error, CustomStringConvertible {
        public let description: String
    }

    /// - Parameter normal: leaves out what differs between two runs.
    public init(_ name: String, in page: String, normal: @escaping (String) -> String = { $0 }) {
        path = "\(Program.root)/docs/\(page)"
        (start, end) = ("<!-- \(name) -->\n", "<!-- end of \(name) -->\n")
        self.normal = normal
    }

    /// Compares what the page has with a new text. With `UPDATE_GOLDEN` the page is written anew when it has another.
    /// - Returns: both without what may differ, the page's as it was before.
    public func compare(with text: String) throws -> (page: String, text: String) {
        let page = try TestFile.text(path)
        guard let first = page.range(of: start), let last = page.range(of: end, range: first.upperBound..<page.endIndex)
        else {
            throw Missing(description: "'\(path)' has no part \(start)")
        }
        let (before, now) = (normal(String(page[first.upperBound..<last.lowerBound])), normal(text))
        if before != now, Program.environment["UPDATE_GOLDEN"] != nil {
            try TestFile.write("\(page[..<first.upperBound])\(text)\(page[last.lowerBound...])", to: path)
        }
        return (before, now)
    }
}
