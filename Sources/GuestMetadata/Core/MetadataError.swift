internal import Glibc

/// Something that was said cannot be used, or a system call failed.
struct MetadataError: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    /// A failed system call, by errno(3).
    init(_ operation: String, _ subject: String, number: Int32 = errno) {
        let reason = strerror(number).map { String(cString: $0) } ?? "error \(number)"
        description = "\(operation) '\(subject)': \(reason)"
    }
}
