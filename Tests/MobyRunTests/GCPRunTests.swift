import GCP
import Synchronization
import TestSupport
import Testing

@testable import MobyRun

/// The flow of `moby run gcp FILE` and `moby push gcp FILE`, and its mishaps.
struct GCPRunTests {
    @Test func aFileBecomesAMachineThatIsDeletedAtTheEnd() async throws {
        try await withTemporaryDirectory { folder in
            let (google, screen) = (try ScriptedGoogle(), GCPFlow.Screen())
            let gcp = try GCPFlow.gcp(
                google, GCPFlow.publication(try await GCPFlow.tarball(in: folder)), GCPFlow.machine, screen)
            let result = try await gcp.perform(try gcp.plan())
            #expect(google.state.withLock { $0.faults } == [])
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

    /// A dry run shows each request of the real one, apart from asking how operations get on.
    @Test func eachRequestStandsInThePlan() async throws {
        try await withTemporaryDirectory { folder in
            let google = try ScriptedGoogle()
            var publication = GCPFlow.publication(try await GCPFlow.tarball(in: folder))
            publication.bucket = nil
            let gcp = try GCPFlow.gcp(google, publication, GCPFlow.machine)
            let plan = try gcp.plan()
            _ = try await gcp.perform(plan)
            let sent = google.requests.filter {
                !$0.target.contains("/operations/") && !$0.target.hasPrefix("/session/")
            }
            #expect(sent.count > 10)
            for request in sent {
                let target = request.target.split(separator: request.method == "GET" ? "&start" : "?requestId")[0]
                #expect(
                    plan.description.replacing("localhost", with: "127.0.0.1").contains(
                        "\(request.method) http://\(google.host)\(target)"),
                    "\(request.method) \(target)")
            }
        }
    }

    /// What the account may not do is named before anything is sent; when nobody can say, it goes on.
    @Test func permissionsAreAskedForFirst() async throws {
        try await withTemporaryDirectory { folder in
            let google = try ScriptedGoogle()
            google.state.withLock { $0.forbidden = ["compute.images.create", "compute.instances.delete"] }
            let gcp = try GCPFlow.gcp(
                google, GCPFlow.publication(try await GCPFlow.tarball(in: folder)), GCPFlow.machine)
            let error = try await #require(throws: RunError.self) { try await gcp.perform(try gcp.plan()) }
            #expect(
                error.description.hasSuffix(
                    "in project 'infoslack-1337': compute.images.create, compute.instances.delete"))
            #expect(google.changes == [])
            google.mishap(
                ":testIamPermissions", 403, "SERVICE_DISABLED", "Cloud Resource Manager API has not been used before.")
            #expect(try await gcp.perform(try gcp.plan()).deleted == true)
        }
    }

    /// An image of before is replaced, and the run comes to a good end.
    @Test func aSecondRunReplacesTheImage() async throws {
        try await withTemporaryDirectory { folder in
            let google = try ScriptedGoogle()
            let gcp = try GCPFlow.gcp(
                google, GCPFlow.publication(try await GCPFlow.tarball(in: folder)), GCPFlow.machine)
            _ = try await gcp.perform(try gcp.plan())
            #expect(try await gcp.perform(try gcp.plan()).deleted == true)
            #expect(google.state.withLock { $0.instances.isEmpty && $0.images["gcp"] != nil })
        }
    }

    @Test func theSameBytesAreNotSentAgain() async throws {
        try await withTemporaryDirectory { folder in
            let google = try ScriptedGoogle()
            let gcp = try GCPFlow.gcp(google, GCPFlow.publication(try await GCPFlow.tarball(in: folder)), nil)
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
            let gcp = try GCPFlow.gcp(google, publication, nil)
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
                google, GCPFlow.publication(try await GCPFlow.tarball(in: folder)), machine, screen)
            #expect(try await gcp.perform(try gcp.plan()).deleted == false)
            #expect(google.state.withLock { Array($0.instances.keys) } == ["gcp"])
            #expect(
                screen.lines.withLock { $0 }.last == """
                    instance 'gcp' is off and stays, with its disks; delete it with: gcloud compute instances delete gcp \
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
                google, GCPFlow.publication(try await GCPFlow.tarball(in: folder)), machine, screen)
            let plan = try gcp.plan()
            let task = Task { try await gcp.perform(plan) }
            while screen.console.withLock({ $0.isEmpty }) { try await Task.sleep(for: .milliseconds(5)) }
            google.state.withLock { $0.instances = [:] }
            #expect(try await task.value.deleted == true)
            #expect(screen.lines.withLock { $0 }.last == "instance 'gcp' is gone")
        }
    }

    /// A step, what Google says to it, what the user is told, and what stays (apart from what is named).
    struct Mishap: Sendable, CustomTestStringConvertible {
        let piece: String
        let message: String
        var left = ""
        var status = 403
        var testDescription: String { piece }
    }

    static let mishaps = [
        Mishap(piece: "GET /compute/v1/projects/infoslack-1337", message: "look for project 'infoslack-1337': No"),
        Mishap(piece: "GET /storage/v1/b/images", message: "look for bucket 'images': No"),
        Mishap(piece: "/machineTypes/", message: "look for machine type 'g1-small' in europe-west1-d: No"),
        Mishap(piece: "POST /upload", message: "begin the upload of"),
        Mishap(piece: "PUT /session", message: "upload gs://images/gcp.img.tar.gz: "),
        Mishap(piece: "POST /compute/v1/projects/infoslack-1337/global/images", message: "create image 'gcp': No"),
        Mishap(
            piece: "POST /compute/v1/projects/infoslack-1337/zones/europe-west1-d/instances",
            message: "create instance 'gcp': No"),
        Mishap(piece: "/serialPort", message: "read the serial port of 'gcp': No"),
        Mishap(
            piece: "DELETE /compute/v1/projects/infoslack-1337/zones/europe-west1-d/instances/gcp",
            message: "left behind: instance 'gcp': delete instance 'gcp': No", left: "gcp"),
        Mishap(piece: "/operations/operation-2", message: "create image 'gcp': "),
        Mishap(piece: "/operations/operation-3", message: "create instance 'gcp': "),
    ]

    @Test(arguments: mishaps) func nothingIsLeftBehindUnnamed(mishap: Mishap) async throws {
        try await withTemporaryDirectory { folder in
            let google = try ScriptedGoogle()
            google.mishap(mishap.piece, mishap.status, "forbidden", "No.")
            let gcp = try GCPFlow.gcp(
                google, GCPFlow.publication(try await GCPFlow.tarball(in: folder)), GCPFlow.machine)
            let error = try await #require(throws: (any Error).self) { try await gcp.perform(try gcp.plan()) }
            #expect("\(error)".contains(mishap.message), "\(error)")
            #expect(google.state.withLock { $0.faults } == [])
            let state = google.state.withLock {
                (Array($0.instances.keys), Array($0.images.keys), Array($0.objects.keys))
            }
            for name in state.0 { #expect("\(error)".contains("left behind: instance '\(name)'")) }
            // Once the machine had started, image and object stay; before, they go.
            let hadStarted = mishap.piece.contains("serialPort") || mishap.piece.hasPrefix("DELETE")
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
                google, GCPFlow.publication(try await GCPFlow.tarball(in: folder)), GCPFlow.machine)
            let error = try await #require(throws: GCPFailure.self) { try await gcp.perform(try gcp.plan()) }
            #expect("\(error)".contains("Quota exceeded (403 QUOTA_EXCEEDED)\n  removed again: "))
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
                google, GCPFlow.publication(try await GCPFlow.tarball(in: folder)), GCPFlow.machine, screen)
            let plan = try gcp.plan()
            let task = Task { try await gcp.perform(plan) }
            while screen.console.withLock({ $0.isEmpty }) { try await Task.sleep(for: .milliseconds(5)) }
            task.cancel()
            let error = try await #require(throws: GCPFailure.self) { try await task.value }
            #expect("\(error)" == "stopped\n  removed again: instance 'gcp'")
            #expect(google.state.withLock { $0.instances.isEmpty })
        }
    }

    @Test func aMachineOfOthersIsNotDeleted() async throws {
        try await withTemporaryDirectory { folder in
            let google = try ScriptedGoogle()
            google.state.withLock { $0.instances["gcp"] = ["name": "gcp", "status": "RUNNING"] }
            let gcp = try GCPFlow.gcp(
                google, GCPFlow.publication(try await GCPFlow.tarball(in: folder)), GCPFlow.machine)
            let error = try await #require(throws: RunError.self) { try await gcp.perform(try gcp.plan()) }
            #expect(error.description == "instance 'gcp' already exists, and moby did not make it")
            #expect(google.changes == [])
        }
    }

    @Test func anImageIsReplacedOnlyWhenTold() async throws {
        try await withTemporaryDirectory { folder in
            let google = try ScriptedGoogle()
            google.state.withLock { $0.images["gcp"] = ["name": "gcp"] }
            var publication = GCPFlow.publication(try await GCPFlow.tarball(in: folder))
            publication.replaces = false
            let gcp = try GCPFlow.gcp(google, publication, nil)
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
        (machine.image, machine.vtpm, machine.nested) = ("web", vtpm, nested)
        let gcp = try GCPFlow.gcp(google, nil, machine)
        let error = try await #require(throws: RunError.self) { try await gcp.perform(try gcp.plan()) }
        #expect(error.description.contains(word))
        #expect(google.changes == [])
    }

    @Test func anImageThatIsMissingNamesThePush() async throws {
        var machine = GCPFlow.machine
        machine.image = "web"
        let google = try ScriptedGoogle()
        let gcp = try GCPFlow.gcp(google, nil, machine)
        let error = try await #require(throws: RunError.self) { try await gcp.perform(try gcp.plan()) }
        #expect(error.hint == "make it with: moby push gcp --bucket BUCKET web.img.tar.gz")
        #expect(google.changes == [])
    }
}
