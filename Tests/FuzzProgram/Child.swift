internal import Extents
internal import Fuzzing
internal import Glibc
internal import MobyInspect

/// The process that looks at damaged versions. For each it writes a line to standard output: seed, microseconds, most
/// memory so far in KiB, and 1 when it was an artifact still.
enum Child {
    static let word = "--child"
    static let memoryLimitMiB = 256
    /// Exit status when memory went above the limit: what comes after would seem to.
    static let greedy: Int32 = 3

    static func run(_ path: String, seeds: Range<UInt64>) throws {
        // What asks for absurd amounts is a crash, whether it would touch them or not.
        var bound = rlimit(rlim_cur: 2 << 30, rlim_max: 2 << 30)
        setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &bound)
        let damage = try Damage(try ExtentList(file: path))
        // Small artifacts have no use for more; the disk of the machine is not under test.
        var limits = Limits()
        limits.plain = 4 << 30
        limits.stored = 256 << 20
        let clock = ContinuousClock()
        for seed in seeds {
            let start = clock.now
            let isArtifact = Look.at(damage.version(seed), scratch: "/var/tmp", limits: limits)
            let microseconds = Int((clock.now - start) / .microseconds(1))
            let peak = peakKiB()
            Main.put("\(seed) \(microseconds) \(peak) \(isArtifact ? 1 : 0)")
            if peak > memoryLimitMiB * 1024 { exit(greedy) }
        }
    }

    private static func peakKiB() -> Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss
    }
}
