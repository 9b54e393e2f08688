import Glibc
import Testing

@testable import GuestMetadata

/// Providers asked at the same time.
struct ProbesTests {
    private static let finding = Finding(provider: "x", origin: "x")

    private static func after(_ milliseconds: UInt32, _ answer: ProviderResult) -> Probes.Probe {
        { _ in
            usleep(milliseconds * 1000)
            return answer
        }
    }

    @Test func theFirstInOrderThatFindsSomethingDecides() {
        let start = ContinuousClock.now
        let answers = Probes.run(
            [
                Self.after(150, .absent("a")), Self.after(50, .found(Self.finding)),
                Self.after(120_000, .found(Self.finding)),
            ],
            timeout: 100_000)
        #expect(answers == [.absent("a"), .found(Self.finding), nil])
        #expect(ContinuousClock.now - start < .seconds(60))
    }

    @Test func aLaterOneDoesNotOvertake() {
        let answers = Probes.run(
            [Self.after(200, .found(Self.finding)), Self.after(0, .found(Finding(provider: "y", origin: "y")))],
            timeout: 100_000)
        #expect(answers.first == .found(Self.finding))
    }

    @Test func oneThatHangsCostsNoMoreThanTheTimeForAll() {
        let start = ContinuousClock.now
        let answers = Probes.run(
            [
                Self.after(120_000, .found(Self.finding)), Self.after(120_000, .absent("x")),
                Self.after(0, .absent("b")),
            ],
            timeout: 2000)
        #expect(answers == [nil, nil, .absent("b")])
        #expect((.milliseconds(1900)...Duration.seconds(60)).contains(ContinuousClock.now - start))
    }

    /// Whoever answers in small steps is heard to the end.
    @Test func anAnswerOnItsWayIsWaitedFor() {
        let answers = Probes.run(
            [
                { deadline in
                    for _ in 0..<5 {
                        usleep(500_000)
                        deadline.renew()
                    }
                    return .found(Self.finding)
                }, Self.after(120_000, .absent("x")),
            ], timeout: 2000)
        #expect(answers == [.found(Self.finding), nil])
    }

    @Test func noneIsNone() { #expect(Probes.run([], timeout: 100) == []) }

    @Test(arguments: ["/nonexistent", "/etc", "/dev/zero"])
    func filesThatAreNoneAreAbsent(path: String) {
        guard case .absent(let reason) = Provider.file(path).probe(until: ProviderDeadline(milliseconds: 100)) else {
            Issue.record("\(path) was found")
            return
        }
        #expect(reason.contains(path))
    }
}
