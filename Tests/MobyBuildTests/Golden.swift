import FoundationEssentials
import Testing

/// Compares text with a file in `Golden/`. With `UPDATE_GOLDEN=1` the file is written anew, and the test fails all the
/// same.
func expectGolden(_ text: String, _ name: String, sourceLocation: Testing.SourceLocation = #_sourceLocation) throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
    let file = folder.appending(path: name)
    let golden = (try? Data(contentsOf: file)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1", golden != text {
        try Data(text.utf8).write(to: file)
        Issue.record("\(name) was written anew", sourceLocation: sourceLocation)
        return
    }
    guard golden != text else { return }
    let (old, new) = (
        golden.split(separator: "\n", omittingEmptySubsequences: false),
        text.split(separator: "\n", omittingEmptySubsequences: false)
    )
    let line = zip(old, new).enumerated().first { $1.0 != $1.1 }?.offset ?? min(old.count, new.count)
    let (was, isNow) = (line < old.count ? old[line] : "(end)", line < new.count ? new[line] : "(end)")
    Issue.record("\(name):\(line + 1): golden '\(was)', now '\(isNow)'\n\(text)", sourceLocation: sourceLocation)
}
