import Foundation
import TestSupport

extension Golden {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
    static let project = URL(filePath: Program.root)

    /// Names of the `.yml` files of a folder, without the suffix.
    static func inputs(_ name: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.appending(path: name).path)) ?? []
        return names.filter { $0.hasSuffix(".yml") }.map { String($0.dropLast(4)) }.sorted()
    }

    static func text(_ path: String) throws -> String { try TestFile.text(folder.appending(path: path).path) }
}
