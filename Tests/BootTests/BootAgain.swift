import MobyRun
import TestSupport
import Testing

/// Repeats a boot that did not get where it should, once for each test and twice in a run, and reports it: an emulated
/// machine on a busy host stalls now and then for a minute, as the guest's kernel reports, or QEMU ends itself. A boot
/// that fails twice is a failure, a failed expectation always is, and so is the third repeat of a run: that is no
/// longer the host, but a race in the guest.
struct BootAgain: SuiteTrait, TestTrait, TestScoping {
    private static let repeats = Counter()
    private static let limit = 2

    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        do { try await function() } catch let error where error is RunError || error is Program.Unexpected {
            let number = Self.repeats.next()
            // .ci/swift-test looks for this line.
            print("repeated boot \(number) of at most \(Self.limit): \(test.name): \(error)")
            guard number <= Self.limit else { throw error }
            try await function()
        }
    }
}

extension Trait where Self == BootAgain {
    static var bootedAgain: Self { Self() }
}

extension Program {
    /// Runs `moby test` on machines that are expected to pass.
    /// - Throws: `Unexpected` when the test as a whole ran out of time, as on a host that stalls.
    static func passTest(_ arguments: [String]) throws {
        let result = try run(["test", "--accel", "tcg", "--timeout", "300"] + arguments)
        let said = "\(result.output)\(result.error)"
        guard result.status != 124 else { throw Unexpected(description: "timed out: \(said)") }
        #expect(result.status == 0, "\(said)")
    }
}
