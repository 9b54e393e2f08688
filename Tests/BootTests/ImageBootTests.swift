import Foundation
import TestSupport
import Testing

/// Machines made of the system images, and the examples, each with a test file next to it that proves what they are
/// for. `make test` boots some of them, `make test-examples` all.
@Suite(.serialized) struct ImageBootTests {
    /// Those that take least time for what they prove.
    private static let frequent: Set = [
        "Tests/BootTests/Images/machine.yml",
        "Tests/BootTests/Images/network.yml", "examples/persistent.yml", "examples/linuxkit/docker.yml",
        "examples/linuxkit/getty.yml", "examples/linuxkit/hostmount-writeable-overlay.yml",
        "examples/linuxkit/metadata.yml", "examples/linuxkit/tpm.yml", "examples/linuxkit/volumes.yml",
        "examples/linuxkit/wireguard.yml",
    ]

    private static let folders = ["Tests/BootTests/Images", "examples", "examples/linuxkit"]

    /// Booted by other tests.
    private static let others: Set = ["gcp", "minimal", "nginx", "sshd"]

    /// Specs that have a test, relative to the checkout.
    static let specs: [String] = folders.flatMap { folder in
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(Program.root)/\(folder)")) ?? []
        return names.filter { $0.hasSuffix(".test.yml") }.map { String($0.dropLast(".test.yml".count)) }
            .filter { !others.contains($0) }.sorted().map { "\(folder)/\($0).yml" }
    }

    /// `make test-examples` boots all of them.
    static let bootsAll = ProcessInfo.processInfo.environment["MOBY_TEST_EXAMPLES"] == "all"

    private static let chosen = bootsAll ? specs : specs.filter(frequent.contains)

    @Test(.bootedAgain, .timeLimit(.minutes(12)), arguments: chosen) func passes(spec: String) throws {
        try Program.passTest([spec])
    }

    @Test func frequentOnesExist() { #expect(Self.frequent.isSubset(of: Self.specs)) }
}
