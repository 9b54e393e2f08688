import Glibc
import Testing

@testable import GuestInit

/// A folder that is gone after the test.
final class TemporaryFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/guest-XXXXXX".utf8CString)
        let made = mkdtemp(&template)
        try #require(made != nil)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { Files.removeTree(path) }

    /// Writes a file, its folders made.
    @discardableResult
    func write(_ name: String, _ text: String, mode: mode_t = 0o644) throws -> String {
        let file = path + "/" + name
        try Files.makeDirectories(String(file[..<(file.lastIndex(of: "/") ?? file.endIndex)]))
        try Files.write(text, to: file, create: true)
        chmod(file, mode)
        return file
    }

    func text(_ name: String) -> String? { Files.read(path + "/" + name).map { String(decoding: $0, as: UTF8.self) } }
}
