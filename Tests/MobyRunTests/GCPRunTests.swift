import Cloud
import Foundation
import GCP
import Synchronization
import TestSupport
import Testing

@testable import MobyRun

/// `moby run gcp FILE` and `moby push gcp FILE`, and their failures.
struct GCPRunTests {
    @Test func aFileBecomesAMachineThatIsDeletedAtTheEnd() async throws {
        try await withTemporaryDirectory { folder in
            let (google, screen) = (try ScriptedGoogle(), GCPFlow.Screen())
            let gcp = try GCPFlow.gcp(
                google, .runFile(GCPFlow.publication(try await GCPFlow.tarball(in: folder)), GCPFlow.machine), screen)
            let result = try await gcp.perform(try gcp.plan())
            #expect(google.state.withLock { $0.problems } == [])
            #expect(screen.console.withLock { $0 } == "Linux version 6.12\nmoby: ready\n")
            #expect(result.image == "projects/infoslack-1337/global/images/gcp")
            #expect(result.address == "203.0.113.7")
            #expect(result.deleted == true)
            #expect(google.state.withLock { Array($0.instances.keys) } == [])
            #expect(google.state.withLock { Array($0.images.keys) } == ["gcp"])
            #expect(
                google.changes == [
                    "POST /upload/storage/v1/b/images/o", "PUT /session/u1",
                    "POST /compute/v1/projects/infoslack-1337/global/images",
                    "POST /compute/v1/projects/infoslack-1337/zones/europe-west1-d/instances",
                    "DELETE /compute/v1/projects/infoslack-1337/zones/europe-west1-d/instances/gcp",
                ])
            #expect(screen.lines.withLock { $0 }.contains("instance 'gcp' has the address 203.0.113.7"))
        }
    }

    /// Missing permissions are reported before anything is sent; when the API cannot be asked, the run goes on.
    @Test func permissionsAreAskedForFirst() async throws {
        try await withTemporaryDirectory { folder in
            let google = try ScriptedGoogle()
            google.state.withLock { $0.forbidden = ["compute.images.create", "compute.instances.delete"] }
            let gcp = try GCPFlow.gcp(
                google, .runFile(GCPFlow.publication(try await GCPFlow.tarball(in: folder)), GCPFlow.machine))
            let error = try await #require(throws: RunError.self) { try await gcp.perform(try gcp.plan()) }
            #expect(
                error.description.hasSuffix(
                    "in project 'infoslack-1337': compute.images.create, compute.instances.delete"))
            #expect(google.changes == [])
            google.fail(
                ":testIamPermissions", 403, "SERVICE_DISABLED", "Cloud Resource Manager API has not been used before.")
            #expect(try await gcp.perform(try gcp.plan()).deleted == true)
        }
    }

    /// An image of before is replaced, and the run comes to a good end.
    @Test func aSecondRunReplacesTheImage() async throws {
        try await withTemporaryDirectory { folder in
            let google = try ScriptedGoogle()
            let gcp = try GCPFlow.gcp(
                google, .runFile(GCPFlow.publication(try await GCPFlow.tarball(in: folder)), GCPFlow.machine))
            _ = try await gcp.perform(try gcp.plan())
            #expect(try await gcp.perform(try gcp.plan()).deleted == true)
            #expect(google.state.withLock { $0.instances.isEmpty && $0.images["gcp"] != nil })
        }
    }

    @Test func theSameBytesAreNotSentAgain() async throws {
        try await withTemporaryDirectory { folder in
            let google = try ScriptedGoogle()
            let gcp = try GCPFlow.gcp(google, .push(GCPFlow.publication(try await GCPFlow.tarball(in: folder))))
            #expect(try await gcp.perform(try gcp.plan()).uploaded == true)
            #expect(try await gcp.perform(try gcp.plan()).uploaded == false)
            #expect(google.changes.filter { $0.hasPrefix("PUT") }.count == 1)
            #expect(google.changes.contains("DELETE /compute/v1/projects/infoslack-1337/global/images/gcp"))
        }
    }

    @Test func aBucketThatIsNotNamedIsMade() async throws {
        try await withTemporaryDirectory { folder in
            let google = try ScriptedGoogle()
            var publication = GCPFlow.publication(try await GCPFlow.tarball(in: folder))
            publication.bucket = nil
            let gcp = try GCPFlow.gcp(google, .push(publication))
            #expect(try await gcp.perform(try gcp.plan()).object == "gs://infoslack-1337-moby-images/gcp.img.tar.gz")
            #expect(google.state.withLock { $0.buckets }.contains("infoslack-1337-moby-images"))
        }
    }

    @Test func skipCleanupKeepsTheMachineAndSaysHowToDeleteIt() async throws {
        try await withTemporaryDirectory { folder in
            let (google, screen) = (try ScriptedGoogle(), GCPFlow.Screen())
            var machine = GCPFlow.machine
            machine.keeps = true
            let gcp = try GCPFlow.gcp(
                google, .runFile(GCPFlow.publication(try await GCPFlow.tarball(in: folder)), machine), screen)
            #expect(try await gcp.perform(try gcp.plan()).deleted == false)
            #expect(google.state.withLock { Array($0.instances.keys) } == ["gcp"])
            #expect(
                screen.lines.withLock { $0 }.last == """
                    instance 'gcp' is stopped and was kept with its disks; delete it with: gcloud compute instances delete gcp \
                    --project infoslack-1337 --zone europe-west1-d
                    """)
        }
    }

    /// Somebody else has deleted the machine: there is nothing to delete, nor to keep.
    @Test(arguments: [false, true]) func aMachineThatIsGoneIsNotDeleted(keeps: Bool) async throws {
        try await withTemporaryDirectory { folder in
            let (google, screen) = (try ScriptedGoogle(), GCPFlow.Screen())
            google.state.withLock { $0.powersOff = false }
            var machine = GCPFlow.machine
            machine.keeps = keeps
            let gcp = try GCPFlow.gcp(
                google, .runFile(GCPFlow.publication(try await GCPFlow.tarball(in: folder)), machine), screen)
            let plan = try gcp.plan()
            let task = Task { try await gcp.perform(plan) }
            while screen.console.withLock({ $0.isEmpty }) { try await Task.sleep(for: .milliseconds(5)) }
            google.state.withLock { $0.instances = [:] }
            #expect(try await task.value.deleted == true)
            #expect(screen.lines.withLock { $0 }.last == "instance 'gcp' was deleted from outside this run")
        }
    }

    /// A request that fails, the message for the user, and the instance that is left.
    struct FailedRequest: Sendable, CustomTestStringConvertible {
        let piece: String
        let message: String
        var status = 403
        var testDescription: String { piece }
    }

    static let failures = [
        FailedRequest(
            piece: "GET /compute/v1/projects/infoslack-1337", message: "looking up project 'infoslack-1337': No"),
        FailedRequest(piece: "GET /storage/v1/b/images", message: "looking up bucket 'images': No"),
        FailedRequest(piece: "/machineTypes/", message: "looking up machine type 'g1-small' in europe-west1-d: No"),
        FailedRequest(piece: "POST /upload", message: "uploading"),
        FailedRequest(piece: "PUT /session", message: "uploading gs://images/gcp.img.tar.gz: "),
        FailedRequest(
            piece: "POST /compute/v1/projects/infoslack-1337/global/images", message: "creating image 'gcp': No"),
        FailedRequest(
            piece: "POST /compute/v1/projects/infoslack-1337/zones/europe-west1-d/instances",
            message: "creating instance 'gcp' in europe-west1-d: No"),
        FailedRequest(piece: "/serialPort", message: "reading the serial port of 'gcp': No"),
        FailedRequest(
            piece: "DELETE /compute/v1/projects/infoslack-1337/zones/europe-west1-d/instances/gcp",
            message: "left behind: instance 'gcp': deleting instance 'gcp': No"),
        FailedRequest(piece: "/operations/operation-2", message: "creating image 'gcp': "),
        FailedRequest(piece: "/operations/operation-3", message: "creating instance 'gcp' in europe-west1-d: "),
    ]

    @Test(arguments: failures) func nothingIsLeftBehindUnnamed(failure: FailedRequest) async throws {
        try await withTemporaryDirectory { folder in
            let google = try ScriptedGoogle()
            google.fail(failure.piece, failure.status, "forbidden", "No.")
            let gcp = try GCPFlow.gcp(
                google, .runFile(GCPFlow.publication(try await GCPFlow.tarball(in: folder)), GCPFlow.machine))
            let error = try await #require(throws: (any Error).self) { try await gcp.perform(try gcp.plan()) }
            #expect("\(error)".contains(failure.message), "\(error)")
            #expect(google.state.withLock { $0.problems } == [])
            let state = google.state.withLock {
                (Array($0.instances.keys), Array($0.images.keys), Array($0.objects.keys))
            }
            for name in state.0 { #expect("\(error)".contains("left behind: instance '\(name)'")) }
            // Once the machine had started, image and object stay; before, they go.
            let hadStarted = failure.piece.contains("serialPort") || failure.piece.hasPrefix("DELETE")
            #expect(state.1 == (hadStarted ? ["gcp"] : []), "\(error)")
            #expect(state.2 == (hadStarted ? ["images/gcp.img.tar.gz"] : []), "\(error)")
        }
    }

    /// Operations that begin well and end badly.
    @Test(arguments: ["images", "instances"]) func operationsThatFailAreTakenBack(kind: String) async throws {
        try await withTemporaryDirectory { folder in
            let google = try ScriptedGoogle()
            google.state.withLock { $0.failing[kind] = "Quota exceeded." }
            let gcp = try GCPFlow.gcp(
                google, .runFile(GCPFlow.publication(try await GCPFlow.tarball(in: folder)), GCPFlow.machine))
            let error = try await #require(throws: CloudFailure.self) { try await gcp.perform(try gcp.plan()) }
            #expect("\(error)".contains("Quota exceeded (403 QUOTA_EXCEEDED)\n  cleaned up: "))
            #expect(error.hint?.contains("Quotas") == true)
            #expect(google.state.withLock { $0.instances.isEmpty && $0.images.isEmpty && $0.objects.isEmpty })
        }
    }

    /// Ctrl-C while the machine runs.
    @Test func cancellingTakesTheMachineBack() async throws {
        try await withTemporaryDirectory { folder in
            let (google, screen) = (try ScriptedGoogle(), GCPFlow.Screen())
            google.state.withLock { $0.powersOff = false }
            let gcp = try GCPFlow.gcp(
                google, .runFile(GCPFlow.publication(try await GCPFlow.tarball(in: folder)), GCPFlow.machine), screen)
            let plan = try gcp.plan()
            let task = Task { try await gcp.perform(plan) }
            while screen.console.withLock({ $0.isEmpty }) { try await Task.sleep(for: .milliseconds(5)) }
            task.cancel()
            let error = try await #require(throws: CloudFailure.self) { try await task.value }
            #expect("\(error)" == "interrupted\n  cleaned up: instance 'gcp'")
            #expect(google.state.withLock { $0.instances.isEmpty })
        }
    }

    @Test func aMachineOfOthersIsNotDeleted() async throws {
        try await withTemporaryDirectory { folder in
            let google = try ScriptedGoogle()
            google.state.withLock { $0.instances["gcp"] = ["name": "gcp", "status": "RUNNING"] }
            let gcp = try GCPFlow.gcp(
                google, .runFile(GCPFlow.publication(try await GCPFlow.tarball(in: folder)), GCPFlow.machine))
            let error = try await #require(throws: RunError.self) { try await gcp.perform(try gcp.plan()) }
            #expect(error.description == "instance 'gcp' already exists and was not created by moby")
            #expect(google.changes == [])
        }
    }

    @Test func anImageIsReplacedOnlyWhenTold() async throws {
        try await withTemporaryDirectory { folder in
            let google = try ScriptedGoogle()
            google.state.withLock { $0.images["gcp"] = ["name": "gcp"] }
            var publication = GCPFlow.publication(try await GCPFlow.tarball(in: folder))
            publication.replaces = false
            let gcp = try GCPFlow.gcp(google, .push(publication))
            let error = try await #require(throws: RunError.self) { try await gcp.perform(try gcp.plan()) }
            #expect(error.hint?.contains("'replace: true'") == true)
            #expect(google.changes == [])
        }
    }

    /// A machine from an image that lacks what is wanted.
    @Test(arguments: [(true, false, "UEFI"), (false, true, "nested")])
    func imagesAreLookedAt(vtpm: Bool, nested: Bool, word: String) async throws {
        let google = try ScriptedGoogle()
        google.state.withLock { $0.images["web"] = ["name": "web", "status": "READY"] }
        var machine = GCPFlow.machine
        (machine.vtpm, machine.nested) = (vtpm, nested)
        let gcp = try GCPFlow.gcp(google, .runImage("web", machine))
        let error = try await #require(throws: RunError.self) { try await gcp.perform(try gcp.plan()) }
        #expect(error.description.contains(word))
        #expect(google.changes == [])
    }

    @Test func anImageThatIsMissingNamesThePush() async throws {
        let google = try ScriptedGoogle()
        let gcp = try GCPFlow.gcp(google, .runImage("web", GCPFlow.machine))
        let error = try await #require(throws: RunError.self) { try await gcp.perform(try gcp.plan()) }
        #expect(error.hint == "create it with: moby push gcp --bucket BUCKET web.img.tar.gz")
        #expect(google.changes == [])
    }
}
