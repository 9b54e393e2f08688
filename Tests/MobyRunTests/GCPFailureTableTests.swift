import Extents
import Foundation
import GCP
import HTTP
import Synchronization
import TestSupport
import Testing

@testable import MobyRun

/// Makes each step of `moby run gcp FILE` fail: the messages, and the resources left on Google's side, as
/// docs/platform-gcp.md shows them.
struct GCPFailureTableTests {
    private struct Case: Sendable {
        let title: String
        let google: @Sendable (ScriptedGoogle) -> Void
        let change: @Sendable (inout GCPPublication, inout GCPMachine) -> Void
        /// JSON of a user's login.
        let login: String?

        init(
            _ title: String, google: @escaping @Sendable (ScriptedGoogle) -> Void = { _ in },
            change: @escaping @Sendable (inout GCPPublication, inout GCPMachine) -> Void = { _, _ in },
            login: String? = nil
        ) {
            (self.title, self.google, self.change, self.login) = (title, google, change, login)
        }

        var credential: Credential {
            get throws {
                guard let login else { return .none }
                return .user(try JSONDecoder().decode(AuthorizedUser.self, from: Data(login.utf8)))
            }
        }
    }

    private static let base = "/compute/v1/projects/infoslack-1337"

    private static let checks = [
        Case("a name that Google would refuse", change: { publication, _ in publication.name = "Web" }),
        Case("a file that is not an image", change: { publication, _ in publication.file += ".txt" }),
        Case(
            "an expired login", google: { $0.refuseLogins("invalid_grant", "Token has been expired or revoked.") },
            login: #"{"type":"authorized_user","client_id":"c","client_secret":"s","refresh_token":"r"}"#),
        Case("a project that does not exist") {
            $0.fail("GET \(base)", 404, "notFound", "The resource 'projects/infoslack-1337' was not found")
        },
        Case("Compute Engine is disabled") {
            $0.fail(
                "GET \(base)", 403, "accessNotConfigured",
                "Compute Engine API has not been used in project infoslack-1337 before.")
        },
        Case("missing permissions") { google in
            google.state.withLock { $0.forbidden = ["compute.images.create", "compute.instances.create"] }
        },
        Case("a bucket that does not exist", change: { publication, _ in publication.bucket = "other" }),
        Case("a zone that does not exist", change: { _, machine in machine.zone = "europe-west9-x" }),
        Case("a machine type that does not exist", change: { _, machine in machine.machine = "g1-tiny" }),
        Case("an instance of the same name, created by somebody else") { google in
            google.state.withLock { $0.instances["gcp"] = ["name": "gcp", "status": "RUNNING"] }
        },
    ]

    private static let steps = [
        Case("the bucket cannot be created") {
            $0.fail("POST /storage/v1/b", 409, "conflict", "The requested bucket name is not available.")
        } change: { publication, _ in
            publication.bucket = nil
        },
        Case("the upload is refused") {
            $0.fail(
                "POST /upload", 403, "forbidden",
                "moby@infoslack-1337.iam.gserviceaccount.com does not have storage.objects.create access."
            )
        },
        Case("the server fails in the middle of the upload") {
            $0.fail("PUT /session", 503, "backendError", "We encountered an internal error. Please try again.")
        } change: { publication, _ in
            publication.bucket = nil
        },
        Case("the image is refused") {
            $0.fail(
                "POST \(base)/global/images", 403, "quotaExceeded", "Quota 'IMAGES' exceeded. Limit: 2000.0 globally.")
        },
        Case("the image creation fails") { google in
            google.state.withLock {
                $0.failing["images"] = "The tar archive is not a valid image."
                ($0.failingReason, $0.failingStatus) = ("INVALID_ARGUMENT", 400)
            }
        },
        Case("the zone has no room") { google in
            google.state.withLock {
                $0.failing["instances"] = "The zone 'europe-west1-d' does not have enough resources available."
                ($0.failingReason, $0.failingStatus) = ("ZONE_RESOURCE_POOL_EXHAUSTED", 503)
            }
        },
        Case("the serial port cannot be read") {
            $0.fail("/serialPort", 403, "forbidden", "Required 'compute.instances.getSerialPortOutput' permission.")
        },
        Case("the machine cannot be deleted at the end") {
            $0.fail(
                "DELETE \(base)/zones/europe-west1-d/instances/gcp", 503, "backendError",
                "Internal error. Please try again.")
        },
    ]

    @Test func theTableIsThatOfThePage() async throws {
        var text = "```text\n"
        for item in Self.checks + Self.steps { text += try await Self.row(item) }
        // The length of the file depends on the version of gzip.
        let difference = try Golden.difference(text.dropLast() + "```\n", part: "failures", of: "platform-gcp.md") {
            $0.replacing(/[0-9]+ bytes/, with: "N bytes")
        }
        #expect(difference == nil)
    }

    /// The error as `moby` prints it, and the resources that did not exist before.
    private static func row(_ item: Case) async throws -> String {
        try await withTemporaryDirectory { folder in
            let google = try ScriptedGoogle()
            item.google(google)
            var publication = GCPFlow.publication(try await GCPFlow.tarball(in: folder))
            try TestFile.write("hello", to: publication.file + ".txt")
            var machine = GCPFlow.machine
            item.change(&publication, &machine)
            let before = things(google)
            let gcp = try GCPFlow.gcp(
                google, .runFile(publication, machine), credential: try item.credential, tries: 6)
            let error = try await #require(throws: (any Error).self, "\(item.title)") {
                try await gcp.perform(try gcp.plan())
            }
            #expect(google.state.withLock { $0.problems } == [])
            var text = "# \(item.title)\nerror: \(error)\n"
            if let hint = (error as? any HintedError)?.hint { text += "  hint: \(hint)\n" }
            let left = things(google).filter { !before.contains($0) }
            return text.replacing("\(folder)/", with: "")
                + "# left: \(left.isEmpty ? "nothing" : left.joined(separator: ", "))\n\n"
        }
    }

    private static func things(_ google: ScriptedGoogle) -> [String] {
        google.state.withLock { state in
            state.buckets.sorted().map { "bucket '\($0)'" } + state.objects.keys.sorted().map { "gs://\($0)" }
                + state.images.keys.sorted().map { "image '\($0)'" }
                + state.instances.keys.sorted().map { "instance '\($0)'" }
        }
    }
}
