public import Glibc

/// A system call on a file that did not succeed: what was tried, on which path, and why.
public struct FileError: Error, CustomStringConvertible, Sendable {
    public let operation: String
    public let path: String
    public let code: Int32

    /// - Parameters:
    ///   - operation: what was tried, as a verb: "open", "write", "rename".
    ///   - code: the `errno` value; the current one by default.
    public init(_ operation: String, _ path: String, code: Int32 = errno) {
        self.operation = operation
        self.path = path
        self.code = code
    }

    public var description: String { "\(operation) '\(path)': \(String(cString: strerror(code)))" }
}
