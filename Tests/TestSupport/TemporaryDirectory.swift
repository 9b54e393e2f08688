internal import Extents
internal import FoundationEssentials
internal import Glibc

/// Runs `body` with a fresh folder, and removes it afterwards; with `MOBY_KEEP_TMP=1` it stays.
public func withTemporaryDirectory<Value>(
    isolation: isolated (any Actor)? = #isolation, _ body: (String) async throws -> Value
) async throws -> Value {
    let path = try makeTemporaryDirectory()
    defer { removeTemporaryDirectory(path) }
    return try await body(path)
}

/// The same without waiting; in an `async` function the other one is meant.
@_disfavoredOverload
public func withTemporaryDirectory<Value>(_ body: (String) throws -> Value) throws -> Value {
    let path = try makeTemporaryDirectory()
    defer { removeTemporaryDirectory(path) }
    return try body(path)
}

private func makeTemporaryDirectory() throws -> String {
    let path =
        FileManager.default.temporaryDirectory.path
        + "/moby-test-\(getpid())-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
    guard mkdir(path, 0o755) == 0 else { throw FileError("create", path) }
    return path
}

private func removeTemporaryDirectory(_ path: String) {
    if getenv("MOBY_KEEP_TMP") == nil { try? FileManager.default.removeItem(atPath: path) }
}
