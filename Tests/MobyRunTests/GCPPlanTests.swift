import Extents
import GCP
import TestSupport
import Testing

@testable import MobyRun

/// What `--dry-run` prints, the rules for names, and the shape of a tarball.
struct GCPPlanTests {
    private func plan(_ publication: GCPPublication?, _ machine: GCPMachine?) throws -> GCPPlan {
        let builder = Result { () throws -> GCPPlan in
            var builder = GCPPlanBuilder(
                Endpoints(), project: publication?.project ?? machine?.project ?? "", zone: machine?.zone ?? "-")
            if let publication { try builder.add(publication) }
            if let machine { try builder.add(machine, publication) }
            return try builder.finish()
        }
        return try builder.get()
    }

    /// Size and checksum of the file depend on the version of gzip.
    private func text(_ plan: GCPPlan) -> String {
        let source = plan.upload?.source
        return plan.description.replacing(source?.checksum ?? "-none-", with: "CHECKSUM")
            .replacing("\(source?.size ?? .max)", with: "SIZE").replacing("0-\((source?.size ?? 1) - 1)/", with: "0-LAST/")
    }

    @Test func aPushIsPrinted() async throws {
        try await withTemporaryDirectory { folder in
            var publication = GCPFlow.publication(try await GCPFlow.tarball(in: folder))
            (publication.family, publication.isPublic, publication.nested) = ("moby", true, true)
            try expectGolden(text(try plan(publication, nil)), "gcp-push")
        }
    }

    @Test func aRunOfAFileIsPrinted() async throws {
        try await withTemporaryDirectory { folder in
            var publication = GCPFlow.publication(try await GCPFlow.tarball(in: folder, isEFI: false))
            publication.bucket = nil
            try expectGolden(text(try plan(publication, GCPFlow.machine)), "gcp-run-file")
        }
    }

    @Test func aMachineWithEverythingIsPrinted() throws {
        var machine = GCPFlow.machine
        machine.image = "web"
        machine.name = "web-1"
        machine.disks = [(nil, 10), ("data", 200)]
        machine.data = #"{"ssh": {}}"#
        machine.sshKeys = ["root:ssh-ed25519 AAAA ada"]
        (machine.network, machine.subnetwork, machine.tags) = ("lab", "lab-1", ["http", "ssh"])
        (machine.nested, machine.vtpm, machine.keeps, machine.console) = (true, true, true, .interactive)
        try expectGolden(try plan(nil, machine).description, "gcp-machine")
    }

    static let names: [(@Sendable (inout GCPPublication, inout GCPMachine) -> Void, String)] = [
        ({ publication, _ in publication.name = "Web" }, "image 'Web' is no name for Compute Engine"),
        ({ publication, _ in publication.name = "web-" }, "image 'web-' is no name"),
        ({ publication, _ in publication.name = "1web" }, "image '1web' is no name"),
        ({ publication, _ in publication.name = String(repeating: "a", count: 64) }, "is no name for Compute Engine"),
        ({ publication, _ in publication.family = "a_b" }, "family 'a_b' is no name"),
        ({ publication, _ in publication.bucket = "gs://images" }, "'gs://images' is no bucket's name"),
        ({ publication, _ in publication.bucket = "ab" }, "'ab' is no bucket's name"),
        ({ publication, _ in publication.project = "My Project" }, "'My Project' is no project id"),
        ({ publication, _ in publication.project = "short" }, "'short' is no project id"),
        ({ _, machine in machine.zone = "europe" }, "'europe' is no zone"),
        ({ _, machine in machine.name = "a.b" }, "instance 'a.b' is no name"),
        ({ _, machine in machine.disks = [("/dev/sdb", 10)] }, "disk '/dev/sdb' is no name"),
        ({ _, machine in machine.data = String(repeating: "x", count: 262_145) }, "the user data has 262145 bytes"),
    ]

    @Test(arguments: names.indices) func namesKeepToTheRules(index: Int) async throws {
        try await withTemporaryDirectory { folder in
            var publication = GCPFlow.publication(try await GCPFlow.tarball(in: folder))
            var machine = GCPFlow.machine
            let (change, message) = Self.names[index]
            change(&publication, &machine)
            let error = try #require(throws: RunError.self) { try plan(publication, machine) }
            #expect(error.description.contains(message))
            #expect(error.hint != nil)
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
            try await Oracle("tar")("--format=oldgnu", "-Sczf", "\(folder)/two.tar.gz", "-C", folder, "disk.raw", "readme")
            try await Oracle("tar")("--format=oldgnu", "-Sczf", "\(folder)/name.tar.gz", "-C", folder, "readme")
            try await Oracle("tar")(
                "--format=oldgnu", "-Sczf", "\(folder)/size.tar.gz", "-C", folder, "--transform", "s/x.raw/disk.raw/", "x.raw")
            try await Oracle("tar")("--format=oldgnu", "-Scf", "\(folder)/plain.tar.gz", "-C", folder, "disk.raw")
            let whole = try TestFile.read(try await GCPFlow.tarball(in: folder))
            try TestFile.write(whole.prefix(whole.count - 20), to: "\(folder)/cut.tar.gz")
            for (name, message) in [
                ("two", "has more than 'disk.raw'"), ("name", "starts with 'readme'"),
                ("size", "10485760 bytes, Compute Engine wants whole GiB"),
                ("plain", "not compressed with gzip"), ("cut", "is no image for Compute Engine"),
            ] {
                let error = try #require(throws: RunError.self) { try GCPTarball.inspect("\(folder)/\(name).tar.gz") }
                #expect(error.description.contains(message), "\(error)")
            }
        }
    }
}
