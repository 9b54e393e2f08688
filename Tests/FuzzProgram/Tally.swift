internal import Synchronization

/// What came of the damaged versions of an artifact.
struct Tally: Sendable {
    let name: String
    let size: UInt64
    var inputs = 0
    /// That were read as artifacts nevertheless.
    var artifacts = 0
    var crashes = 0
    var hangs = 0
    /// That took more memory than allowed.
    var greedy = 0
    var slowestMilliseconds = 0
    var peakKiB = 0

    init(_ name: String, size: UInt64) { (self.name, self.size) = (name, size) }

    var isClean: Bool { crashes == 0 && hangs == 0 && greedy == 0 }

    static let head = """
        | file | size | inputs | still read | crashes | hangs | above \(Child.memoryLimitMiB) MiB | slowest, ms | peak memory, MiB |
        |---|--:|--:|--:|--:|--:|--:|--:|--:|
        """

    var row: String {
        let numbers = [Int(size), inputs, artifacts, crashes, hangs, greedy, slowestMilliseconds, peakKiB / 1024]
        return "| \(name) | " + numbers.map(String.init).joined(separator: " | ") + " |"
    }

    mutating func add(_ other: Tally) {
        inputs += other.inputs
        artifacts += other.artifacts
        crashes += other.crashes
        hangs += other.hangs
        greedy += other.greedy
        slowestMilliseconds = max(slowestMilliseconds, other.slowestMilliseconds)
        peakKiB = max(peakKiB, other.peakKiB)
    }
}

/// Tallies of several threads.
final class Results: Sendable {
    private let sum: Mutex<Tally>

    init(_ count: Int) { sum = Mutex(Tally("all \(count) files", size: 0)) }

    func add(_ tally: Tally) { sum.withLock { $0.add(tally) } }

    var total: Tally { sum.withLock { $0 } }
}
