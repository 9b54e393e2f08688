internal import Extents

/// An image that cannot be had: what was done with which image, and why it ended.
public struct ImageError: Error, Sendable, CustomStringConvertible {
    public let description: String
    /// What was below, if it was an error of its own.
    public let underlying: (any Error)?

    init(_ description: String, underlying: (any Error)? = nil) {
        self.description = description
        self.underlying = underlying
    }

    /// Puts what is being done before what goes wrong; cancellation passes untouched.
    static func context<Value>(_ doing: String, _ work: () async throws -> Value) async throws -> Value {
        do {
            return try await work()
        } catch let error where !(error is CancellationError) {
            throw ImageError("\(doing): \(error)", underlying: (error as? ImageError)?.underlying ?? error)
        }
    }

    /// As the other, for work that does not wait.
    static func context<Value>(_ doing: String, _ work: () throws -> Value) throws -> Value {
        do {
            return try work()
        } catch let error where !(error is CancellationError) {
            throw ImageError("\(doing): \(error)", underlying: (error as? ImageError)?.underlying ?? error)
        }
    }

    /// Foreign names in one line: escaped, each cut, at most twenty.
    static func list(_ names: [String], none: String) -> String {
        guard !names.isEmpty else { return none }
        let shown = names.prefix(20).map { PlainText.short($0) }.joined(separator: ", ")
        return names.count > 20 ? "\(shown) and \(names.count - 20) more" : shown
    }

    static func noPlatform(_ wanted: Platform, available: [Platform]) -> ImageError {
        ImageError(
            "there is no image for \(wanted)\n  available: \(list(available.map(\.description), none: "none that is named"))\n"
                + "  hint: choose another platform with --arch, or a tag that was built for \(wanted.architecture)")
    }
}
