internal import Extents
internal import Foundation

/// A fresh folder, removed when the last reference goes; with `MOBY_KEEP_TMP=1` it stays.
public final class TemporaryFolder: Sendable {
    public let path: String

    public init() throws {
        path =
            FileManager.default.temporaryDirectory.path
            + "/moby-test-\(getpid())-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
        guard mkdir(path, 0o755) == 0 else { throw FileError("create", path) }
    }

    deinit {
        if getenv("MOBY_KEEP_TMP") == nil { try? FileManager.default.removeItem(atPath: path) }
    }

    public func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file and creates its parents.
    /// - Returns: its path.
    @discardableResult
    public func write(_ name: String, _ bytes: [UInt8], mode: Int = 0o644) throws -> String {
        try TestFile.write(bytes, to: file(name), mode: mode)
        return file(name)
    }

    @discardableResult
    public func write(_ name: String, _ text: String, mode: Int = 0o644) throws -> String {
        try write(name, Array(text.utf8), mode: mode)
    }

    public func read(_ name: String) throws -> [UInt8] { try TestFile.read(file(name)) }
    /// Nil for a file that cannot be read.
    public func text(_ name: String) -> String? { try? TestFile.text(file(name)) }

    /// Names in the folder, sorted.
    public var names: [String] {
        get throws { try TestFile.names(in: path) }
    }
}

/// Runs `body` with a fresh folder, and removes it afterwards.
public func withTemporaryDirectory<Value>(
    isolation: isolated (any Actor)? = #isolation, _ body: (String) async throws -> Value
) async throws -> Value {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    return try await body(folder.path)
}

/// The same without waiting; in an `async` function the other one is meant.
@_disfavoredOverload
public func withTemporaryDirectory<Value>(_ body: (String) throws -> Value) throws -> Value {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    return try body(folder.path)
}
