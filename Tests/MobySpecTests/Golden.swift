import FoundationEssentials
import Testing

/// Texts beside the tests that must not change by accident. `UPDATE_GOLDEN=1` writes them, and fails.
enum Golden {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
    static let project = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Names of the `.yml` files of a folder, without the ending.
    static func inputs(_ name: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.appending(path: name).path)) ?? []
        return names.filter { $0.hasSuffix(".yml") }.map { String($0.dropLast(4)) }.sorted()
    }

    static func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: folder.appending(path: path)), as: UTF8.self)
    }

    static func expect(_ text: String, _ path: String, at location: Testing.SourceLocation = #_sourceLocation) throws {
        try expect(text, at: folder.appending(path: path), location)
    }

    static func expect(_ text: String, at url: URL, _ location: Testing.SourceLocation = #_sourceLocation) throws {
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] != nil {
            let folder = url.deletingLastPathComponent()
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
            Issue.record("wrote \(url.lastPathComponent)", sourceLocation: location)
        }
        #expect(text == String(decoding: try Data(contentsOf: url), as: UTF8.self), sourceLocation: location)
    }
}
