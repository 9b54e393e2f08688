public import Extents
internal import GCP
internal import Synchronization

/// What this run has made on Google's side, so that a run that ends early can take it back, and name what it cannot.
final class GCPLedger: Sendable {
    enum Thing: Sendable, Equatable {
        case bucket(String)
        case object(bucket: String, name: String)
        case image(String)
        case instance(String)
    }

    /// A thing and, while it is being made, the operation.
    struct Entry: Sendable {
        let thing: Thing
        var operation: Operation?
    }

    private let entries = Mutex<[Entry]>([])
    private let remarks = Mutex<[String]>([])

    /// In the order they were made.
    var things: [Entry] { entries.withLock(\.self) }
    /// What cannot be taken back.
    var facts: [String] { remarks.withLock(\.self) }

    func add(_ thing: Thing) { entries.withLock { $0.append(Entry(thing: thing)) } }
    func note(_ fact: String) { remarks.withLock { $0.append(fact) } }

    /// What was lost has been replaced.
    func forgetNotes() { remarks.withLock { $0 = [] } }

    /// The operation that makes the thing added last; nil when it is done.
    func set(_ operation: Operation?) {
        entries.withLock { if !$0.isEmpty { $0[$0.count - 1].operation = operation } }
    }

    /// It is done, and no longer taken back.
    func keep(_ thing: Thing) { entries.withLock { $0.removeAll { $0.thing == thing } } }
}

extension GCPLedger.Thing: CustomStringConvertible {
    var description: String {
        switch self {
        case .bucket(let name): "bucket '\(name)'"
        case .object(let bucket, let name): "gs://\(bucket)/\(name)"
        case .image(let name): "image '\(name)'"
        case .instance(let name): "instance '\(name)'"
        }
    }

    /// What a shell takes to delete it.
    func command(project: String, zone: String) -> String {
        switch self {
        case .bucket(let name): "gcloud storage buckets delete gs://\(name)"
        case .object(let bucket, let name): "gcloud storage rm gs://\(bucket)/\(name)"
        case .image(let name): "gcloud compute images delete \(name) --project \(project)"
        case .instance(let name): "gcloud compute instances delete \(name) --project \(project) --zone \(zone)"
        }
    }
}

/// A run that ended early: why, and what became of what it had made.
public struct GCPFailure: HintedError, CustomStringConvertible, Sendable {
    /// What went wrong; nil when only the tidying up did.
    public let cause: (any Error)?
    /// What was removed again.
    public let removed: [String]
    /// What could not be removed: what, why, and the command that removes it.
    public let left: [String]

    /// Whether the user wanted the end.
    public var isStopped: Bool { cause is CancellationError }

    public var hint: String? { (cause as? any HintedError)?.hint }

    public var description: String {
        var lines = [cause.map { isStopped ? "stopped" : "\($0)" } ?? "not everything could be removed"]
        if !removed.isEmpty { lines.append("removed again: \(removed.joined(separator: ", "))") }
        lines += left.map { "left behind: \($0)" }
        return lines.joined(separator: "\n  ")
    }
}
