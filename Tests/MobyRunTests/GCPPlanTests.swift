import Extents
import Foundation
import GCP
import TestSupport
import Testing

@testable import MobyRun

/// What `--dry-run` prints, the rules for names, and the shape of a tarball.
struct GCPPlanTests {
    private func plan(_ job: GCPJob) throws -> GCPPlan { try GCPPlanner.plan(job, Endpoints()) }

    /// Size and checksum of the file depend on the version of gzip.
    private func text(_ plan: GCPPlan) -> String {
        let size = plan.result.size ?? .max
        return plan.description.replacing(plan.result.crc32c ?? "-none-", with: "CHECKSUM")
            .replacing("0-\(size - 1)/", with: "0-LAST/").replacing("\(size)", with: "SIZE")
    }

    @Test func aPushIsPrinted() async throws {
        try await withTemporaryDirectory { folder in
            var publication = GCPFlow.publication(try await GCPFlow.tarball(in: folder))
            (publication.family, publication.isPublic, publication.nested) = ("moby", true, true)
            #expect(try Golden.difference(text(try plan(.push(publication))) + "\n", "gcp-push.txt") == nil)
        }
    }

    @Test func aRunOfAFileIsPrinted() async throws {
        try await withTemporaryDirectory { folder in
            var publication = GCPFlow.publication(try await GCPFlow.tarball(in: folder, isEFI: false))
            publication.bucket = nil
            #expect(
                try Golden.difference(text(try plan(.runFile(publication, GCPFlow.machine))) + "\n", "gcp-run-file.txt")
                    == nil)
        }
    }

    @Test func aMachineWithEverythingIsPrinted() throws {
        var machine = GCPFlow.machine
        (machine.name, machine.machine) = ("web-1", "n1-standard-1")
        machine.disks = [(nil, 10), ("data", 200)]
        machine.data = #"{"ssh": {}}"#
        machine.sshKeys = ["root:ssh-ed25519 AAAA ada"]
        (machine.network, machine.subnetwork, machine.tags) = ("lab", "lab-1", ["http", "ssh"])
        (machine.nested, machine.vtpm, machine.keeps, machine.console) = (true, true, true, .interactive)
        #expect(try Golden.difference(plan(.runImage("web", machine)).description + "\n", "gcp-machine.txt") == nil)
    }

    static let names: [(@Sendable (inout GCPPublication, inout GCPMachine) -> Void, String)] = [
        ({ publication, _ in publication.name = "Web" }, "'Web' is not a valid Compute Engine image name"),
        ({ publication, _ in publication.name = "web-" }, "'web-' is not a valid Compute Engine image name"),
        ({ publication, _ in publication.name = "1web" }, "'1web' is not a valid Compute Engine image name"),
        (
            { publication, _ in publication.name = String(repeating: "a", count: 64) },
            "is not a valid Compute Engine image name"
        ),
        ({ publication, _ in publication.family = "a_b" }, "'a_b' is not a valid Compute Engine family name"),
        ({ publication, _ in publication.bucket = "gs://images" }, "'gs://images' is not a valid bucket name"),
        ({ publication, _ in publication.bucket = "ab" }, "'ab' is not a valid bucket name"),
        (
            { publication, _ in publication.bucket = "1.2.3.4" },
            "'1.2.3.4' is not a valid bucket name: it is an IP address"
        ),
        ({ publication, _ in publication.bucket = "a..b" }, "'a..b' is not a valid bucket name"),
        (
            { publication, _ in publication.bucket = String(repeating: "a", count: 64) + ".example.org" },
            "is not a valid bucket name"
        ),
        ({ publication, _ in publication.bucket = "my-google-images" }, "contains 'google'"),
        ({ publication, _ in publication.project = "My Project" }, "'My Project' is not a valid project ID"),
        ({ publication, _ in publication.project = "short" }, "'short' is not a valid project ID"),
        ({ _, machine in machine.zone = "europe" }, "'europe' is not a valid zone"),
        ({ _, machine in machine.name = "a.b" }, "'a.b' is not a valid Compute Engine instance name"),
        ({ _, machine in machine.disks = [("/dev/sdb", 10)] }, "'/dev/sdb' is not a valid Compute Engine disk name"),
        ({ _, machine in machine.disks = [("gcp", 10)] }, "disk 'gcp' has the same name as the machine's boot disk"),
        (
            { _, machine in machine.disks = [("data", 10), ("data", 20)] },
            "disk 'data' has the same name as another disk"
        ),
        (
            { _, machine in machine.disks = [("gcp-disk-1", 10), (nil, 20)] },
            "disk 'gcp-disk-1' has the same name as another disk"
        ),
        ({ _, machine in machine.disks = [("data", 0)] }, "disk 'data' has 0 GB, expected 1 to 65536"),
        ({ _, machine in machine.machine = "Foo/bar" }, "'Foo/bar' is not a valid machine type"),
        ({ _, machine in machine.network = "Bad_n" }, "'Bad_n' is not a valid network"),
        ({ _, machine in machine.network = "projects/x/global/networks/lab" }, "is not a valid network"),
        ({ _, machine in machine.network = "global/lab" }, "'global/lab' is not a valid network"),
        ({ _, machine in machine.subnetwork = "Bad_s" }, "'Bad_s' is not a valid subnetwork"),
        (
            { _, machine in machine.subnetwork = "regions/us-east1/subnetworks/s" },
            "is in us-east1, but the zone 'europe-west1-d' is in europe-west1"
        ),
        ({ _, machine in machine.tags = ["http", "B_ad"] }, "'B_ad' is not a valid network tag"),
        (
            { _, machine in (machine.machine, machine.nested) = ("e2-medium", true) },
            "machines of the series e2, such as 'e2-medium'"
        ),
        ({ _, machine in machine.data = String(repeating: "x", count: 262_145) }, "the user data is 262145 bytes long"),
    ]

    @Test(arguments: names.indices) func namesKeepToTheRules(index: Int) async throws {
        try await withTemporaryDirectory { folder in
            var publication = GCPFlow.publication(try await GCPFlow.tarball(in: folder))
            var machine = GCPFlow.machine
            let (change, message) = Self.names[index]
            change(&publication, &machine)
            let error = try #require(throws: RunError.self) { try plan(.runFile(publication, machine)) }
            #expect(error.description.contains(message))
            #expect(error.hint != nil)
        }
    }

    /// Networks of other projects (shared VPC), by their paths or addresses.
    @Test(arguments: [
        ("lab", "global/networks/lab", "lab-1", "projects/infoslack-1337/regions/europe-west1/subnetworks/lab-1"),
        (
            "projects/host-project/global/networks/lab", "projects/host-project/global/networks/lab",
            "projects/host-project/regions/europe-west1/subnetworks/s",
            "projects/host-project/regions/europe-west1/subnetworks/s"
        ),
        (
            "https://www.googleapis.com/compute/v1/projects/host-project/global/networks/lab",
            "projects/host-project/global/networks/lab",
            "regions/europe-west1/subnetworks/s", "regions/europe-west1/subnetworks/s"
        ),
    ])
    func networksMayBePaths(network: String, asked: String, subnetwork: String, askedToo: String) throws {
        var machine = GCPFlow.machine
        (machine.network, machine.subnetwork) = (network, subnetwork)
        let interface = try #require(try machine.instance(of: "web").networkInterfaces.first)
        #expect(interface.network == asked)
        #expect(interface.subnetwork == askedToo)
    }

    /// Only machines of the first generation may get a processor that does not nest.
    @Test(arguments: [
        ("n1-standard-4", "Intel Haswell"), ("custom-2-4096", "Intel Haswell"), ("n2-standard-4", nil),
        ("c3-standard-4", nil),
    ])
    func nestingAsksForAProcessorWhereItMust(type: String, platform: String?) throws {
        var machine = GCPFlow.machine
        (machine.machine, machine.nested) = (type, true)
        #expect(try machine.instance(of: "web").minCpuPlatform == platform)
    }

    /// The plan for programs has the same requests.
    @Test func aPlanIsJSONToo() async throws {
        try await withTemporaryDirectory { folder in
            let plan = try plan(
                .runFile(GCPFlow.publication(try await GCPFlow.tarball(in: folder)), GCPFlow.machine))
            let calls = try #require(
                try JSONSerialization.jsonObject(with: Data(try plan.json.utf8)) as? [[String: Any]])
            let lines = calls.map { "\($0["method"] as? String ?? "") \($0["url"] as? String ?? "")" }
            #expect(
                lines
                    == plan.description.split(separator: "\n").map(String.init).filter {
                        $0.starts(with: /[A-Z]+ [h(]/)
                    })
            #expect(lines.count > 12)
            let made = calls.first {
                $0["method"] as? String == "POST" && ($0["url"] as? String)?.contains("/instances?") == true
            }
            #expect((made?["body"] as? [String: Any])?["name"] as? String == "gcp")
            #expect(calls.allSatisfy { $0.count == 3 })
        }
    }

    @Test func tarballsOfGNUTarAreTaken() async throws {
        try await withTemporaryDirectory { folder in
            try await Oracle("truncate")("-s", "1G", "\(folder)/disk.raw")
            try await Oracle("tar")("--format=oldgnu", "-Sczf", "\(folder)/a.tar.gz", "-C", folder, "disk.raw")
            let sparse = try GCPTarball.inspect("\(folder)/a.tar.gz")
            #expect(sparse.diskSize == 1 << 30)
            #expect(!sparse.isEFI)
            #expect(try sparse.source == UploadSource("\(folder)/a.tar.gz"))
        }
    }

    @Test func otherTarballsAreRefused() async throws {
        try await withTemporaryDirectory { folder in
            try await Oracle("truncate")("-s", "1G", "\(folder)/disk.raw")
            try await Oracle("truncate")("-s", "10M", "\(folder)/x.raw")
            try TestFile.write("hello", to: "\(folder)/readme")
            try await Oracle("tar")(
                "--format=oldgnu", "-Sczf", "\(folder)/two.tar.gz", "-C", folder, "disk.raw", "readme")
            try await Oracle("tar")("--format=oldgnu", "-Sczf", "\(folder)/name.tar.gz", "-C", folder, "readme")
            try await Oracle("tar")(
                "--format=oldgnu", "-Sczf", "\(folder)/size.tar.gz", "-C", folder, "--transform", "s/x.raw/disk.raw/",
                "x.raw")
            try await Oracle("tar")("--format=oldgnu", "-Scf", "\(folder)/plain.tar.gz", "-C", folder, "disk.raw")
            let whole = try TestFile.read(try await GCPFlow.tarball(in: folder))
            try TestFile.write(whole.prefix(whole.count - 20), to: "\(folder)/cut.tar.gz")
            try TestFile.write(whole + Array("junk".utf8), to: "\(folder)/junk.tar.gz")
            try TestFile.write(whole + [UInt8](repeating: 0, count: 512), to: "\(folder)/zeros.tar.gz")
            for (name, message) in [
                ("two", "has other files than 'disk.raw'"), ("name", "starts with 'readme'"),
                ("size", "10485760 bytes; Compute Engine requires whole GiB"),
                ("plain", "not compressed with gzip"), ("cut", "is not an image for Compute Engine"),
                ("junk", "4 bytes follow the end of the gzip stream"),
                ("zeros", "512 bytes follow the end of the gzip stream"),
            ] {
                let error = try #require(throws: RunError.self) { try GCPTarball.inspect("\(folder)/\(name).tar.gz") }
                #expect(error.description.contains(message), "\(error)")
            }
        }
    }
}
