import Foundation
import Testing

/// A text beside the tests that must not change by accident. `UPDATE_GOLDEN=1` writes it, and fails.
func expectGolden(
    _ text: String, _ name: String, file: String = #filePath, at location: SourceLocation = #_sourceLocation
) throws {
    let url = URL(fileURLWithPath: file).deletingLastPathComponent().appendingPathComponent("Golden/\(name).txt")
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] != nil {
        try Data("\(text)\n".utf8).write(to: url)
        Issue.record("wrote \(url.lastPathComponent)", sourceLocation: location)
    }
    #expect(text + "\n" == String(decoding: try Data(contentsOf: url), as: UTF8.self), sourceLocation: location)
}
