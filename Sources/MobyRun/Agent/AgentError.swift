public import Extents

/// The agent of a machine did not do what was asked.
public struct AgentError: HintedError, CustomStringConvertible, Equatable, Sendable {
    public let description: String
    public let hint: String?
    /// Whether the machine ended meanwhile.
    public let isEndOfMachine: Bool

    init(_ description: String, hint: String? = nil, isEndOfMachine: Bool = false) {
        self.description = description
        self.hint = hint
        self.isEndOfMachine = isEndOfMachine
    }
}
