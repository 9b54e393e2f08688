/// Texts next to the tests, or on pages under `docs/`, that must not change by accident. One rule for all: with
/// `UPDATE_GOLDEN` set, a test writes what differs, and fails.
public enum Golden {
    private static var isUpdating: Bool { Program.environment["UPDATE_GOLDEN"] != nil }

    /// Compares a text with the file `Golden/NAME` next to the test.
    /// - Returns: nil when they are equal, else a message for `#expect(… == nil)`.
    public static func difference(_ text: String, _ name: String, test: String = #filePath) throws -> String? {
        let folder = test.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        return try difference(text, at: "\(folder)/Golden/\(name)")
    }

    /// The same for a file anywhere.
    public static func difference(_ text: String, at path: String) throws -> String? {
        let golden = (try? TestFile.text(path)) ?? ""
        if golden == text { return nil }
        if isUpdating {
            try TestFile.write(text, to: path)
            return "wrote '\(path)'"
        }
        return message(path, golden, text)
    }

    /// Compares a text with the part of a page under `docs/` between `<!-- NAME -->` and `<!-- end of NAME -->`, each
    /// on its own line.
    /// - Parameter normalize: removes what differs between two runs.
    public static func difference(
        _ text: String, part name: String, of page: String, normalize: (String) -> String = { $0 }
    ) throws -> String? {
        let path = "\(Program.root)/docs/\(page)"
        let whole = try TestFile.text(path)
        let (start, end) = ("<!-- \(name) -->\n", "<!-- end of \(name) -->\n")
        guard let first = whole.firstRange(of: start),
            let last = whole[first.upperBound...].firstRange(of: end)
        else { return "'\(path)' has no part '\(name)'" }
        let (golden, now) = (normalize(String(whole[first.upperBound..<last.lowerBound])), normalize(text))
        if golden == now { return nil }
        if isUpdating {
            try TestFile.write("\(whole[..<first.upperBound])\(text)\(whole[last.lowerBound...])", to: path)
            return "wrote '\(path)'"
        }
        return message(path, golden, now)
    }

    private static func message(_ path: String, _ golden: String, _ text: String) -> String {
        let (old, new) = (
            golden.split(separator: "\n", omittingEmptySubsequences: false),
            text.split(separator: "\n", omittingEmptySubsequences: false)
        )
        let line = zip(old, new).enumerated().first { $1.0 != $1.1 }?.offset ?? min(old.count, new.count)
        let (was, isNow) = (line < old.count ? old[line] : "(end)", line < new.count ? new[line] : "(end)")
        return "\(path):\(line + 1): golden '\(was)', now '\(isNow)'; UPDATE_GOLDEN=1 writes the file\n\(text)"
    }
}
