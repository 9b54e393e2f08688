import Cloud
import Synchronization
import Testing

/// Plans of a cloud that does not exist: which steps run, and what is removed after a failure.
struct CloudPlanTests {
    private struct Refusal: Error {}

    private static func call(_ title: String) -> CloudCall {
        CloudCall("toy", title, "POST", "https://cloud.example/\(title)")
    }

    private static func resource(_ name: String, reasonToKeep: String? = nil) -> CloudResource<String> {
        CloudResource(
            name, removal: call("deleting \(name)"), "remove", command: "toy delete \(name)", reasonToKeep: reasonToKeep
        )
    }

    private static func creation(_ name: String, reasonToKeep: String? = nil, commits: Bool = false)
        -> CloudStep<String>
    {
        var step = CloudStep([call("creating \(name)")], name)
        step.creates = resource(name, reasonToKeep: reasonToKeep)
        step.commits = commits
        return step
    }

    /// What a run did, in order: steps by their action, removals, and lines for the user.
    private static func run(
        _ steps: [CloudStep<String>], failing: String? = nil, found: [String: Presence] = [:]
    ) async throws -> (done: [String], removed: [String], lines: [String], failure: (any Error)?) {
        let removed = Mutex<[String]>([])
        let lines = Mutex<[String]>([])
        var plan = CloudPlan<String>()
        plan.steps = steps
        var done: [String] = []
        let host = CloudHost(log: { line in lines.withLock { $0.append(line) } }, console: { _ in })
        var failure: (any Error)?
        do {
            try await plan.carryOut(CloudLedger(), host) { step in
                done.append(step.action)
                if step.action == failing { throw Refusal() }
                return found[step.finds ?? ""]
            } remove: { resource in
                removed.withLock { $0.append(resource.name) }
                return true
            }
        } catch { failure = error }
        return (done, removed.withLock { $0 }, lines.withLock { $0 }, failure)
    }

    @Test func conditionsDecideWhichStepsRun() async throws {
        var lookUp = CloudStep([Self.call("looking up a")], "look up")
        lookUp.finds = "a"
        let steps = [
            lookUp, CloudStep([], "exists", if: .exists("a")), CloudStep([], "missing", if: .missing("a")),
            CloudStep([], "same", if: .upToDate("a")), CloudStep([], "different", if: .outOfDate("a")),
        ]
        #expect(try await Self.run(steps, found: ["a": .exists]).done == ["look up", "exists", "different"])
        #expect(try await Self.run(steps, found: ["a": .upToDate]).done == ["look up", "exists", "same"])
        #expect(try await Self.run(steps).done == ["look up", "missing", "different"])
    }

    @Test func aFailureRemovesTheLastFirst() async throws {
        let steps = [Self.creation("a"), Self.creation("b", reasonToKeep: "kept on request"), Self.creation("c")]
        let result = try await Self.run(steps + [CloudStep([], "d")], failing: "d")
        #expect(result.removed == ["c", "a"])
        #expect(result.lines == ["creating a", "creating b", "creating c"])
        let failure = try #require(result.failure as? CloudFailure)
        #expect(
            "\(failure)"
                == "Refusal()\n  cleaned up: c, a\n  left behind: b, kept on request; delete it with: toy delete b")
    }

    @Test func whatIsCommittedIsKept() async throws {
        let steps = [Self.creation("a"), Self.creation("b", commits: true), CloudStep([], "c")]
        #expect(try await Self.run(steps, failing: "c").removed == ["b"])
    }

    @Test func whatWasReplacedIsNamed() async throws {
        var lookUp = CloudStep([Self.call("looking up a")], "look up")
        lookUp.finds = "a"
        var deletion = CloudStep([Self.call("deleting a")], "delete", if: .exists("a"))
        deletion.replaces = "a"
        let result = try await Self.run([lookUp, deletion, Self.creation("a")], failing: "a", found: ["a": .exists])
        #expect(result.lines == ["deleting the previous a", "creating a"])
        #expect(
            "\(try #require(result.failure))"
                == "Refusal()\n  cleaned up: a\n  not restored: the previous a, which was deleted")
    }

    /// Before anything was created, an error is that of the step.
    @Test func anEarlyErrorIsItself() async throws {
        #expect(try await Self.run([CloudStep([], "check")], failing: "check").failure is Refusal)
    }

    @Test func placeholdersAreFilledOnce() throws {
        let call = try CloudCall(
            "toy", "creating a", "POST", "https://cloud.example/a", body: ["key": "(k)", "data": "(d)"])
        let filled = try call.filled(with: ["(k)": "a \"quoted\" (d)", "(d)": "x\ny"])
        #expect(filled.body == "{\n  \"data\" : \"x\\ny\",\n  \"key\" : \"a \\\"quoted\\\" (d)\"\n}")
        #expect(
            "\(call)" == "# creating a\nPOST https://cloud.example/a\n{\n  \"data\" : \"(d)\",\n  \"key\" : \"(k)\"\n}")
    }
}
