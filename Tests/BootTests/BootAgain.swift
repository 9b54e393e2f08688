import MobyRun
import Testing

/// A boot that did not come to where it should is tried once more, and that is said: an emulated machine on a busy host
/// now and then stands still for a minute (the guest's kernel tells of stalls), or QEMU ends itself. What fails twice
/// is a failure, and so is an expectation.
struct BootAgain: SuiteTrait, TestTrait, TestScoping {
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        do { try await function() } catch let error as RunError {
            print("\(test.name): tried again after: \(error)")
            try await function()
        }
    }
}

extension Trait where Self == BootAgain {
    static var bootedAgain: Self { Self() }
}
