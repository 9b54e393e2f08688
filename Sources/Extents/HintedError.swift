/// An error that knows what to do about it.
public protocol HintedError: Error {
    /// One line for the user; nil when there is nothing to say.
    var hint: String? { get }
}

extension Error {
    /// The hint of an error that may have one.
    public var anyHint: String? { (self as? any HintedError)?.hint }
}

/// An error with what was being done: `pulling 'nginx': connection refused`. It keeps its cause and the cause's hint.
public struct ContextError: HintedError, CustomStringConvertible {
    /// A gerund and its object.
    public let doing: String
    public let cause: any Error

    public init(_ doing: String, _ cause: any Error) { (self.doing, self.cause) = (doing, cause) }

    public var description: String { "\(doing): \(cause)" }
    public var hint: String? { cause.anyHint }
    /// The innermost cause.
    public var root: any Error { (cause as? ContextError)?.root ?? cause }

    /// Runs `work`; an error that leaves it says what was being done. Cancellation passes as it is.
    public static func wrapping<Value>(_ doing: String, _ work: () throws -> Value) throws -> Value {
        do { return try work() } catch let error where !(error is CancellationError) {
            throw ContextError(doing, error)
        }
    }

    /// As the other, for work that waits.
    public static func wrapping<Value>(_ doing: String, _ work: () async throws -> Value) async throws -> Value {
        do { return try await work() } catch let error where !(error is CancellationError) {
            throw ContextError(doing, error)
        }
    }
}

/// An error that says how often something was tried.
public protocol RetriedError: Error {
    /// The same error with the number of tries, at least 1, and the seconds from the first try to the last.
    func after(tries: Int, seconds: Double) -> Self
}
