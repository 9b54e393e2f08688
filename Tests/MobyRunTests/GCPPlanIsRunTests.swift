import Cloud
import Foundation
import GCP
import Synchronization
import TestSupport
import Testing

@testable import MobyRun

/// The plan that `--dry-run` prints is what runs: the requests that a scripted Google receives are the plan's calls, in
/// order, no more and no fewer.
struct GCPPlanIsRunTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// Conditions that do not hold.
        var skipped: [Condition] = []
        /// What exists before.
        var google: @Sendable (inout ScriptedGoogle.State) -> Void = { _ in }
        let job: @Sendable (GCPPublication) -> GCPJob
        /// The job runs once before, so that its object and image exist.
        var isRepeated = false
    }

    private static let (bucket, image, instance) = (
        "bucket 'infoslack-1337-moby-images'", "image 'gcp'", "instance 'gcp'"
    )
    private static let object = "gs://images/gcp.img.tar.gz"

    private static func change<Value>(_ value: Value, _ change: (inout Value) -> Void) -> Value {
        var value = value
        change(&value)
        return value
    }

    static let cases: [Case] = [
        Case(testDescription: "push to a named bucket", skipped: [.exists(image)]) { .push($0) },
        Case(
            testDescription: "push to the default bucket",
            skipped: [.exists(bucket), .exists(image)]
        ) { .push(change($0) { $0.bucket = nil }) },
        Case(
            testDescription: "push to the default bucket, which exists", skipped: [.missing(bucket), .exists(image)],
            google: { $0.buckets = ["infoslack-1337-moby-images"] }
        ) { .push(change($0) { $0.bucket = nil }) },
        Case(testDescription: "store only") { .push(change($0) { $0.goal = .object }) },
        Case(
            testDescription: "store in public", skipped: [.upToDate(object)]
        ) { .push(change($0) { ($0.goal, $0.isPublic) = (.object, true) }) },
        Case(
            testDescription: "store the same bytes in public", skipped: [.outOfDate(object)],
            job: { .push(change($0) { ($0.goal, $0.isPublic) = (.object, true) }) }, isRepeated: true),
        Case(testDescription: "push again", skipped: [.outOfDate(object)], job: { .push($0) }, isRepeated: true),
        Case(testDescription: "push a new image") { .push(change($0) { $0.replaces = false }) },
        Case(testDescription: "run a file", skipped: [.exists(image)]) { .runFile($0, GCPFlow.machine) },
        Case(
            testDescription: "run a file in place of an instance", skipped: [.exists(image)],
            google: { $0.instances["gcp"] = ["name": "gcp", "labels": ["made-by": "moby"]] }
        ) { .runFile($0, GCPFlow.machine) },
        Case(testDescription: "run a file and keep the machine", skipped: [.exists(image)]) {
            .runFile($0, change(GCPFlow.machine) { $0.keeps = true })
        },
        Case(testDescription: "run an image", google: { $0.images["web"] = ["name": "web", "status": "READY"] }) { _ in
            .runImage("web", change(GCPFlow.machine) { ($0.name, $0.data) = ("gcp", "p4ssw0rd \"quoted\"\n(1 bytes)") })
        },
        Case(
            testDescription: "run an image and leave the machine",
            google: { $0.images["web"] = ["name": "web", "status": "READY"] }
        ) { _ in
            .runImage("web", change(GCPFlow.machine) { ($0.name, $0.console) = ("gcp", .none) })
        },
    ]

    @Test(arguments: cases) func requestsEqualThePlan(item: Case) async throws {
        try await withTemporaryDirectory { folder in
            let google = try ScriptedGoogle()
            google.state.withLock { item.google(&$0) }
            let job = item.job(GCPFlow.publication(try await GCPFlow.tarball(in: folder)))
            let gcp = try GCPFlow.gcp(google, job)
            if item.isRepeated { _ = try await gcp.perform(try gcp.plan()) }
            let before = google.requests.count
            let plan = try gcp.plan()
            _ = try await gcp.perform(plan)
            #expect(google.state.withLock { $0.problems } == [])
            var skipped = item.skipped
            // Without an instance of before, none is deleted for the new one.
            if google.state.withLock({ $0.instances.isEmpty }) || !item.testDescription.contains("in place") {
                skipped.append(.exists(Self.instance))
            }
            let isReplaced = item.testDescription.contains("in place")
            let steps = plan.cloud.steps.filter { step in
                if step.cleansUp || (isReplaced && step.replaces == Self.instance) { return true }
                return !(step.condition.map(skipped.contains) ?? false)
            }
            // Each condition of the case is one of the plan's.
            #expect(item.skipped.allSatisfy { condition in plan.cloud.steps.contains { $0.condition == condition } })
            let planned = try steps.flatMap(\.calls).map { try Self.line($0, google, plan) }
            #expect(Self.lines(google.requests[before...], google) == planned)
        }
    }

    /// Method, URL and body of a call as it is sent; without the polls of the serial port's end.
    private static func line(_ call: CloudCall, _ google: ScriptedGoogle, _ plan: GCPPlan) throws -> String {
        let url = call.url.replacing("localhost", with: "127.0.0.1")
            .replacing("(the address in the answer's Location)", with: "http://\(google.host)/session")
        return "\(call.method) \(url) \(try call.filled(with: plan.secrets).body ?? "")"
    }

    /// The requests as the plan has them: without polls of operations, one for each repetition, unique numbers as
    /// placeholders.
    private static func lines(_ requests: ArraySlice<ScriptedServer.Request>, _ google: ScriptedGoogle) -> [String] {
        var lines: [String] = []
        for request in requests where !request.target.contains("/operations/") {
            let target = request.target.replacing(/requestId=[-0-9a-f]{36}/, with: "requestId=UUID")
                .replacing(/start=[0-9]+/, with: "start=0").replacing(/^\/session\/.*/, with: "/session")
            let body = target == "/session" ? "" : String(decoding: request.body, as: UTF8.self)
            let line = "\(request.method) http://\(google.host)\(target) \(body)"
            if line != lines.last { lines.append(line) }
        }
        return lines
    }
}
