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

    static func noPlatform(_ wanted: Platform, available: [Platform]) -> ImageError {
        let list = available.map(\.description)
        return ImageError(
            "there is no image for \(wanted)\n  available: \(list.isEmpty ? "none that is named" : list.joined(separator: ", "))\n"
                + "  hint: choose another platform with --arch, or a tag that was built for \(wanted.architecture)")
    }
}
