public import Progress
internal import Synchronization

/// What was reported, as lines: the beginnings of steps, such as `pulling acme/web:1`, notes and warnings.
public final class RecordedProgress: Sendable {
    private let recorded = Mutex<[String]>([])
    private let hook: @Sendable (String) -> Void

    /// - Parameter hook: called with each line.
    public init(_ hook: @escaping @Sendable (String) -> Void = { _ in }) { self.hook = hook }

    public var lines: [String] { recorded.withLock(\.self) }

    public var reporter: Reporter {
        Reporter { [self] event in
            switch event {
            case .began(let step): add("\(step.activity.gerund) \(step.object)")
            case .ended: break
            case .message(let text, let severity): add("\(severity): \(text)")
            }
        }
    }

    private func add(_ line: String) {
        recorded.withLock { $0.append(line) }
        hook(line)
    }
}
