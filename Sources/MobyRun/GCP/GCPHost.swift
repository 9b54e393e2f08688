/// What the work on Google's side needs of this side.
public struct GCPHost: Sendable {
    /// Takes lines for the user: steps, choices.
    public var say: @Sendable (String) -> Void
    /// Takes what the machine writes to its serial port.
    public var console: @Sendable (String) -> Void
    /// Told of bytes sent and in all.
    public var progress: (@Sendable (_ sent: UInt64, _ total: UInt64) -> Void)?
    let gateway = SerialGateway()
    /// Waits between two questions.
    var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }

    public init(
        say: @escaping @Sendable (String) -> Void, console: @escaping @Sendable (String) -> Void,
        progress: (@Sendable (UInt64, UInt64) -> Void)? = nil
    ) {
        self.say = say
        self.console = console
        self.progress = progress
    }
}
