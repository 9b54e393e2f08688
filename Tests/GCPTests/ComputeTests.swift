import HTTP
import Synchronization
import TestSupport
import Testing

@testable import GCP

/// Errors, retries and operations of Compute Engine.
struct ComputeTests {
    private func compute(_ server: ScriptedServer, pauses: Pauses = Pauses()) throws -> Compute {
        let retries = RetryPolicy(tries: 4, firstPause: .seconds(1)) { pauses.add($0) }
        return Compute(
            try Clients.client(api: "http://\(server.host)", retries: retries), project: "infoslack-1337",
            zone: "europe-west1-d")
    }

    final class Pauses: Sendable {
        private let all = Mutex<[Duration]>([])
        var list: [Duration] { all.withLock { $0 } }
        func add(_ pause: Duration) { all.withLock { $0.append(pause) } }
    }

    @Test func operationsArePolledWithBackOff() async throws {
        let (number, pauses) = (Counter(), Pauses())
        let server = try ScriptedServer { request in
            let status = request.method == "POST" ? "PENDING" : number.next() < 4 ? "RUNNING" : "DONE"
            return .init(text: #"{"name":"operation-1","status":"\#(status)","progress":50}"#)
        }
        let compute = try compute(server, pauses: pauses)
        try await compute.run(
            try compute.calls.insert(MachineImage("web", bucket: "b", object: "web.img.tar.gz", features: [])),
            in: .global)
        #expect(pauses.list == [.seconds(1), .milliseconds(1500), .milliseconds(2250), .milliseconds(3375)])
        let first = try #require(server.requests.first)
        #expect(first.target.hasPrefix("/compute/v1/projects/infoslack-1337/global/images?requestId="))
        #expect(first.target.count == "/compute/v1/projects/infoslack-1337/global/images?requestId=".count + 36)
        #expect(server.requests.last?.target == "/compute/v1/projects/infoslack-1337/global/operations/operation-1")
    }

    @Test func operationsHaveALimit() async throws {
        let server = try ScriptedServer { _ in .init(text: #"{"name":"operation-1","status":"RUNNING"}"#) }
        let compute = try compute(server)
        let error = try await #require(throws: GoogleError.self) {
            try await compute.run(compute.calls.deleteInstance("web"), in: .zone, limit: .seconds(30))
        }
        #expect("\(error)" == "deleting instance 'web': not done after 30 s")
        #expect(
            server.requests.last?.target
                == "/compute/v1/projects/infoslack-1337/zones/europe-west1-d/operations/operation-1")
    }

    @Test func anOperationThatDidNotSucceedIsASentence() async throws {
        let server = try ScriptedServer { _ in
            .init(
                text: """
                    {"name":"o","status":"DONE","httpErrorStatusCode":403,"httpErrorMessage":"FORBIDDEN",
                     "error":{"errors":[{"code":"QUOTA_EXCEEDED","message":"Quota 'CPUS' exceeded.  Limit: 8.0 in region europe-west1."}]}}
                    """)
        }
        let compute = try compute(server)
        let error = try await #require(throws: GoogleError.self) {
            try await compute.run(
                try compute.calls.insert(Instance("web", machine: "g1-small", zone: "z", image: "i")), in: .zone)
        }
        #expect(
            "\(error)"
                == "creating instance 'web' in europe-west1-d: Quota 'CPUS' exceeded. Limit: 8.0 in region europe-west1 (403 QUOTA_EXCEEDED)"
        )
        #expect(error.hint?.contains("Quotas") == true)
    }

    static let refusals: [(Int, String, Int, String?)] = [
        (403, "quotaExceeded", 1, "Quotas"), (429, "quotaExceeded", 1, "Quotas"),
        (403, "rateLimitExceeded", 4, "in a minute"),
        (429, "rateLimitExceeded", 4, "in a minute"), (503, "backendError", 4, "status.cloud.google.com"),
        (404, "notFound", 1, "zone"),
        (403, "forbidden", 1, "roles/compute.instanceAdmin.v1"), (400, "invalid", 1, nil),
        (403, "accountDisabled", 1, "Billing"),
    ]

    @Test(arguments: refusals) func retriesWhatMayPass(status: Int, reason: String, tries: Int, hint: String?)
        async throws
    {
        let server = try ScriptedServer { _ in .error(status, reason, "It is so.") }
        let compute = try compute(server)
        let error = try await #require(throws: GoogleError.self) {
            try await compute.client.send(compute.calls.zoneFacts)
        }
        #expect(server.requests.count == tries)
        #expect(
            "\(error)" == "looking up zone 'europe-west1-d': It is so (\(status) \(reason))"
                + (tries > 1 ? ", after 4 tries" : ""))
        if let hint { #expect(error.hint?.contains(hint) == true) } else { #expect(error.hint == nil) }
    }

    @Test func waitsAsLongAsAsked() async throws {
        let (number, pauses) = (Counter(), Pauses())
        let server = try ScriptedServer { _ in
            number.next() == 1
                ? .error(429, "rateLimitExceeded", "slow down", headers: ["Retry-After": "7"])
                : .init(text: #"{"name":"web"}"#)
        }
        #expect(try await compute(server, pauses: pauses).instance("web")?.name == "web")
        #expect(pauses.list == [.seconds(7)])
    }

    @Test func aDisabledAPINamesTheCommand() async throws {
        let server = try ScriptedServer { _ in
            .init(
                403,
                text: """
                    {"error":{"code":403,"message":"Compute Engine API has not been used in project 1 before or it is disabled.",
                     "status":"PERMISSION_DENIED","errors":[{"reason":"accessNotConfigured"}],
                     "details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"SERVICE_DISABLED",
                     "metadata":{"service":"compute.googleapis.com","consumer":"projects/1"}}]}}
                    """)
        }
        let compute = try compute(server)
        let error = try await #require(throws: GoogleError.self) {
            try await compute.client.send(compute.calls.projectFacts)
        }
        #expect(error.hint == "enable the API: gcloud services enable compute.googleapis.com --project 1")
    }

    /// What comes over the network does not reach the terminal as it is.
    @Test func pagesAndControlCharactersAreNotShown() async throws {
        let number = Counter()
        let server = try ScriptedServer { _ in
            number.next() == 1 ? .init(404, text: "<html>secret page</html>") : .error(400, "x", #"a\u001b[31mb\nc"#)
        }
        let compute = try compute(server)
        #expect(try await compute.client.find(compute.calls.image("web"), as: ImageFacts.self) == nil)
        let error = try await #require(throws: GoogleError.self) {
            _ = try await compute.client.find(compute.calls.image("web"), as: ImageFacts.self)
        }
        #expect("\(error)" == "looking up image 'web': a\\x1b[31mb c (400 x)")
    }

    @Test func serialOutputIsReadInPieces() async throws {
        let server = try ScriptedServer { _ in .init(text: #"{"contents":"hello\n","start":"5","next":"11"}"#) }
        let piece = try await compute(server).serialOutput("web", from: 5)
        #expect(piece.contents == "hello\n")
        #expect(piece.first == 5)
        #expect(piece.position == 11)
        #expect(
            server.requests.last?.target
                == "/compute/v1/projects/infoslack-1337/zones/europe-west1-d/instances/web/serialPort?port=1&start=5")
    }
}
