internal import Extents
internal import MobyBuild

/// The variable `SOURCE_DATE_EPOCH` (reproducible-builds.org): the time of files on media, in seconds since 1970.
enum SourceDate {
    /// A value that is not a time.
    struct Problem: HintedError, CustomStringConvertible {
        let value: String
        var description: String {
            "SOURCE_DATE_EPOCH is '\(PlainText.short(value))', expected whole seconds since 1970 from 0 to \(BuildOptions.lastTime)"
        }
        var hint: String? { "'git log -1 --format=%ct' prints such a number; FAT cannot store times after 2107" }
    }

    /// - Returns: nil when it is not set.
    /// - Throws: ``Problem``.
    static func read(_ environment: [String: String]) throws -> UInt64? {
        guard let text = environment["SOURCE_DATE_EPOCH"] else { return nil }
        guard !text.isEmpty, text.allSatisfy(\.isASCIIDigit), let time = UInt64(text),
            time <= BuildOptions.lastTime
        else {
            throw Problem(value: text)
        }
        return time
    }
}
