internal import Glibc

/// A system call that failed.
struct SystemError: Error, Equatable, CustomStringConvertible {
    /// What was tried, such as `mount`.
    var operation: String
    /// What it was tried on, such as a path.
    var subject: String
    /// errno(3).
    var number: Int32

    var description: String { "\(operation) '\(subject)': \(Self.text(of: number))" }

    static func text(of number: Int32) -> String {
        guard let text = strerror(number) else { return "error \(number)" }
        return String(cString: text)
    }

    /// `result` when it is no negative errno.
    @discardableResult
    static func check(_ result: Int32, _ operation: String, _ subject: String) throws(SystemError) -> Int32 {
        guard result >= 0 else { throw SystemError(operation: operation, subject: subject, number: -result) }
        return result
    }
}
