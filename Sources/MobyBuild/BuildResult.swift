public import MobySpec

/// What a build did.
public struct BuildResult: Sendable {
    public struct File: Sendable, Equatable {
        public let path: String
        /// Length in bytes.
        public let size: UInt64
        /// Name of the format that it is a file of.
        public let format: String
    }

    /// A step of the build and how long it took.
    public struct Timing: Sendable {
        public let step: String
        public let duration: Duration
    }

    /// Files written, in order.
    public internal(set) var files: [File] = []
    /// Files about the build, in order: those of its SBOM.
    public internal(set) var documents: [String] = []
    /// The initrd's segments, in order.
    public internal(set) var segments: [Segment] = []
    /// Bytes of memory that the unpacked root takes.
    public internal(set) var unpacked: UInt64 = 0
    /// Whether some format unpacks the root into memory.
    public internal(set) var isRootInMemory = true
    /// The least memory to boot with, in MiB.
    public internal(set) var minMemory = 0
    /// What came from shared caches, and went there; nil without any.
    public var shared: SharedCacheReport?
    public internal(set) var timings: [Timing] = []
    public internal(set) var warnings: [Diagnostic] = []
    /// Notes about surprising results, such as changed file names.
    public internal(set) var notes: [String] = []
}

/// How long the steps of a build take.
struct StepLog {
    private var start = ContinuousClock.now
    private(set) var timings: [BuildResult.Timing] = []

    /// Notes that a step, begun when the one before ended, has ended.
    mutating func end(_ step: String) {
        let now = ContinuousClock.now
        timings.append(BuildResult.Timing(step: step, duration: now - start))
        start = now
    }

    /// Likewise of the last step.
    /// - Returns: the timings of all.
    mutating func ending(_ step: String) -> [BuildResult.Timing] {
        end(step)
        return timings
    }
}
