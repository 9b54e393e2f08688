/// An error that knows what to do about it.
public protocol HintedError: Error {
    /// One line for the user; nil when there is nothing to say.
    var hint: String? { get }
}
