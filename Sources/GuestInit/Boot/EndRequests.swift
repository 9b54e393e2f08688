/// What was asked for about the machine's end: the first request decides how, a later one makes it hurry.
struct EndRequests {
    struct Ending: Equatable {
        var kind: ShutdownKind
        /// What failed, when it was not a person who asked: `onboot 000-format failed`.
        var cause: String?

        /// The last line of PID 1, from which `moby run` takes its exit status.
        var text: String { kind.title + (cause.map { " (\($0))" } ?? "") }

        /// An initrd that was cut short, or no disk with the root.
        static let rootIncomplete = Ending(kind: .poweroff, cause: "root incomplete")
    }

    private(set) var ending: Ending?
    /// Asked for a second time: nothing is waited for any more.
    private(set) var isForced = false
    private var since: Milliseconds = 0

    /// One push of a button may be heard twice.
    static let echo: Milliseconds = 2000

    /// - Returns: true when this request is the one that forces.
    mutating func add(_ kind: ShutdownKind, because cause: String? = nil, at now: Milliseconds) -> Bool {
        guard ending != nil else {
            (ending, since) = (Ending(kind: kind, cause: cause), now)
            return false
        }
        guard cause == nil, !isForced, now - since >= Self.echo else { return false }
        isForced = true
        return true
    }
}
