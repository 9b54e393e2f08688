import Extents
import Foundation
import Glibc
import MobySpec
import TestSupport
import Testing

@testable import MobyBuild

/// Formats that want files of one name, in one build.
struct OutputNamesTests {
    static let made = OutputFormat.all.filter(\.isAvailable)

    /// Every two formats that have a file name in common, in the order of the table.
    static let pairs: [[OutputFormat]] = made.enumerated().flatMap { index, first in
        made[(index + 1)...].filter { !Set(first.suffixes).isDisjoint(with: $0.suffixes) }.map { [first, $0] }
    }

    @Test func allFormatsTogetherHaveNamesOfTheirOwn() {
        let stems = OutputNames(Self.made)
        let names = Self.made.flatMap { format in
            format.suffixes.map { (stems.basename(of: format, name: "web") ?? "web") + $0 }
        }
        #expect(Set(names).count == names.count)
        #expect(
            names.contains("web.vhd") && names.contains("web-dynamic-vhd.vhd")
                && names.contains("web-kernel+erofs-kernel"))
        #expect(!names.contains(BuildRecord.fileName("web")))
        #expect(Self.pairs.count >= 7)
        // The order asked for does not matter.
        for format in Self.made {
            #expect(
                OutputNames(Self.made.reversed()).basename(of: format, name: "x")
                    == stems.basename(of: format, name: "x"))
        }
    }

    private static func files(_ formats: [OutputFormat]) async throws -> (
        files: [String: [UInt8]], summary: BuildRecord
    ) {
        let isOnDisk = formats.contains(where: \.hasRootOnDisk)
        return try await MediaFormatTests.build(formats.map(\.name), rootOnDisk: isOnDisk) { folder in
            let names = try TestFile.names(in: folder).filter {
                !$0.hasSuffix("-build.json")
            }
            let files = try names.map { ($0, try TestFile.read("\(folder)/\($0)")) }
            return (
                Dictionary(uniqueKeysWithValues: files), try #require(try BuildRecord.read(prefix: folder + "/web"))
            )
        }
    }

    @Test(arguments: pairs) func togetherAsAlone(_ pair: [OutputFormat]) async throws {
        let (first, second) = (pair[0], pair[1])
        let both = try await Self.files([second, first])
        for (format, stem) in [(first, "web"), (second, "web-\(second)")] {
            // The spec is the same for both, alone too.
            let alone = try await MediaFormatTests.build(
                [format.name], rootOnDisk: pair.contains(where: \.hasRootOnDisk)
            ) { folder in
                try format.suffixes.map { try TestFile.read("\(folder)/web\($0)") }
            }
            for (suffix, bytes) in zip(format.suffixes, alone) {
                let isSame = try #require(both.files[stem + suffix]) == bytes
                #expect(isSame, "\(stem)\(suffix)")
            }
            let listed = both.summary.files.filter { $0.format == format.name }.map(\.name)
            #expect(listed == format.suffixes.map { stem + $0 })
        }
        #expect(both.files.count == first.suffixes.count + second.suffixes.count)
    }

    @Test func outputsOfASpecMayShareNamesToo() throws {
        let spec = try Workshop.spec("outputs:\n  - format: dynamic-vhd\n  - format: vhd\n")
        var options = BuildOptions()
        options.name = "web"
        let notes = try BuildPlan(spec, options).notes
        #expect(notes == ["the files of 'dynamic-vhd' are 'web-dynamic-vhd.vhd': 'web.vhd' is of 'vhd'"])
        let prefix = "/tmp/moby-stems-test-\(getpid())"
        defer { unlink(prefix + "-build.json") }
        let summary = BuildRecord(
            platform: "linux/amd64", minMemoryMiB: 77, unpacked: 0,
            files: [.init(name: "\(prefix.dropFirst(5))-dynamic-vhd.vhd", size: 1, format: "dynamic-vhd")], segments: []
        )
        try ExtentWriter.write(summary.extents(), to: prefix + "-build.json")
        #expect(try BuildRecord.read(prefix: prefix + "-dynamic-vhd")?.minMemoryMiB == 77)
        #expect(try BuildRecord.read(prefix: prefix + "-iso") == nil)
    }

    @Test func aSizeNeedsADisk() throws {
        var options = BuildOptions()
        options.size = 1 << 30
        for formats in [[], ["iso", "uki"], ["kernel+erofs"]] {
            options.formats = formats
            let error = #expect(throws: OptionError.self) { try BuildPlan(Spec(), options) }
            #expect(error?.description.hasPrefix("--size requires a disk format, not '") == true)
            #expect(error?.hint?.contains("raw-efi, qcow2") == true)
        }
        options.formats = ["iso", "raw"]
        #expect(try BuildPlan(Spec(), options).notes == [])
    }

    @Test func namesOf2017AreNamesOfFormats() throws {
        let formats = try FormatSelection.formats(["gcp-img", "gcp-storage", "qcow", "gcp"], Spec(), streaming: false)
        #expect(formats.map(\.name) == ["gcp", "qcow2"])
        #expect(OutputFormat.named("gcp")?.aliases == ["gcp-img", "gcp-storage"])
        #expect(throws: BuildError.self) { try OutputFormat.available("") }
    }

    /// With a kernel, the limit of its command line holds in every format.
    @Test(arguments: made.filter { $0.name != "oci" }) func commandLinesHaveALimit(_ format: OutputFormat) async throws
    {
        let isOnDisk = format.hasRootOnDisk
        func build(_ count: Int) async throws {
            let line = String(repeating: "x", count: count)
            try await Workshop.with { workshop in
                try MediaFormatTests.fill(workshop, loaders: true, rootOnDisk: isOnDisk)
                let options = workshop.options {
                    $0.formats = [format.name]
                    $0.bootLoaders = "test/all-loaders:1"
                }
                let yaml = (isOnDisk ? DiskRootTests.yaml : BuilderTests.yaml).replacing("console=ttyS0", with: line)
                _ = try await Builder(store: workshop.store, options: options).build(workshop.spec(yaml))
            }
        }
        let error = await #expect(throws: BuildError.self) { try await build(2048) }
        #expect(error?.description.hasPrefix("the kernel command line has ") == true)
        if isOnDisk { await #expect(throws: BuildError.self) { try await build(2040) } } else { try await build(2047) }
    }

    @Test(arguments: [
        ("web", "WEB"), ("my web.v2", "MY_WEB_V2"), ("cidata", "MOBY_CIDATA"), ("root_1", "MOBY_ROOT_1"),
        ("ü", "_"), (String(repeating: "a", count: 40), String(repeating: "A", count: 32)),
    ])
    func volumeIDsAreNames(_ name: String, _ id: String) { #expect(BootISO.volumeID(name) == id) }

    @Test func leftoversOfKilledBuildsGo() async throws {
        try await Workshop.with { workshop in
            try BuilderTests.fill(workshop)
            let out = workshop.folder + "/out"
            try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
            // No process has such a number.
            let dead = 1_999_999_999
            let gone = [
                "web-kernel.staged.\(dead)", "web-initrd.img.staged.\(dead).partial.\(dead).7",
                "web-build.json.staged.\(dead)",
            ]
            let kept = [
                "web-kernel.staged.\(getpid())", "web-kernel.staged.1", "web-kernel.staged.x", "web.img.staged.\(dead)",
                "web-kernel.staged.\(dead).old", "web-cmdline.staged.\(dead)",
            ]
            for name in gone + kept { try TestFile.write("x", to: "\(out)/\(name)") }
            // Made a moment ago, however slow this machine is.
            try FileManager.default.setAttributes(
                [.modificationDate: Date.now + 3600], ofItemAtPath: "\(out)/\(kept[1])")
            // As a process in another container would have it: its number says nothing here.
            let lock = FileLock("\(out)/\(kept[5])")
            _ = try await Builder(store: workshop.store, options: workshop.options()).build(
                workshop.spec(BuilderTests.yaml))
            withExtendedLifetime(lock) {}
            let left = Set(try TestFile.names(in: out))
            #expect(left.isDisjoint(with: gone))
            // A file of this very process is written again and renamed.
            #expect(left.isSuperset(of: kept.dropFirst()), "\(left)")
        }
    }

    @Test func whatCannotBeWrittenHasItsFinalName() async throws {
        try await Workshop.with { workshop in
            try BuilderTests.fill(workshop)
            try FileManager.default.createDirectory(
                atPath: workshop.folder + "/out/web-cmdline", withIntermediateDirectories: true)
            let builder = Builder(store: workshop.store, options: workshop.options())
            let error = await #expect(throws: ExtentError.self) {
                try await builder.build(workshop.spec(BuilderTests.yaml))
            }
            #expect(
                error?.description
                    == "'\(workshop.folder)/out/web-cmdline' is not a regular file and cannot be replaced")
            #expect(try TestFile.names(in: workshop.folder + "/out") == ["web-cmdline"])
        }
        let full = FileError("write", "/dev/shm/web.img", code: ENOSPC, needed: 123)
        #expect(full.description == "write '/dev/shm/web.img': No space left on device")
        #expect(
            full.hint?.hasPrefix("the file needs 123 B, and ") == true
                && full.hint?.contains("were free in '/dev/shm'") == true)
        #expect(FileError("read", "/x", code: ENOSPC).hint == nil)
        let contents: [Artifact.Content] = [
            .extents(ExtentList([.bytes([1, 2]), .hole(7)])),
            .stream { write in try [1, 2].withUnsafeBytes { try write($0) } },
            .seekable { sink in
                try [UInt8](repeating: 0, count: 16).withUnsafeBytes { try sink.write($0) }
                try sink.overwrite([1], at: 0)
            },
        ]
        #expect(try contents.map { try Artifact(name: "x", $0).sizeOnDisk() } == [2, 16, 16])
    }
}
