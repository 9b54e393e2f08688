internal import Glibc

/// A system call that failed.
package struct SystemError: Error, Equatable, CustomStringConvertible {
    /// What was tried, such as `mounting`.
    package let operation: String
    /// What it was tried on, such as a path.
    package let subject: String
    /// errno(3).
    package let number: Int32

    package init(_ operation: String, _ subject: String, number: Int32 = errno) {
        (self.operation, self.subject, self.number) = (operation, subject, number)
    }

    package var description: String { "\(operation) '\(subject)': \(Self.text(of: number))" }

    /// The C library's words for an error number.
    package static func text(of number: Int32) -> String {
        guard let text = strerror(number) else { return "error \(number)" }
        return String(cString: text)
    }

    /// Turns the result of a function of CInit into an error.
    /// - Returns: `result` unless it is a negative errno.
    @discardableResult
    package static func check(_ result: Int32, _ operation: String, _ subject: String) throws(SystemError) -> Int32 {
        guard result >= 0 else { throw SystemError(operation, subject, number: -result) }
        return result
    }
}

/// A time or a span of time in milliseconds.
package typealias Milliseconds = Int64
