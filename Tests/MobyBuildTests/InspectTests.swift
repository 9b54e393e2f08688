import Archive
import Extents
import FoundationEssentials
import MobyInspect
import TestSupport
import Testing

@testable import MobyBuild

/// What was built is what `moby inspect` finds in it, whatever the format.
struct InspectTests {
    /// Kinds of parts that an artifact of a format must have somewhere.
    private static func kinds(_ format: OutputFormat) -> [String] {
        let containers: [String] =
            switch format.wrapping {
            case .qcow2: ["qcow2 disk"]
            case .vmdk: ["VMDK disk"]
            case .vhd: ["VHD disk"]
            case .tarGzip: ["gzip file", "tar archive"]
            default: []
            }
        let inside: [String] =
            switch (format.medium, format.firmware) {
            case (.disk, .bios): ["MBR disk", "partition 1"]
            case (.disk, _): ["partition 1", "initrd", "segment"]
            case (.iso, _): ["ISO 9660 image", "El Torito entry", "initrd", "segment"]
            case (.archive, _): ["tar archive"]
            case (.files, _): []
            }
        return containers + inside
    }

    @Test(arguments: OutputFormat.all.filter(\.isAvailable)) func readsBackWhatWasBuilt(_ format: OutputFormat)
        async throws
    {
        try await MediaFormatTests.build([format.name], rootOnDisk: format.hasRootOnDisk) { folder in
            var motd: [[UInt8]] = []
            var found: Set<String> = []
            // The kernel of these builds is not a real kernel.
            for suffix in format.suffixes where suffix != "-kernel" {
                let file = try ExtentList(file: "\(folder)/web\(suffix)")
                let inspection = try Inspection(file, scratch: folder)
                #expect(inspection.errors == [], "\(suffix)")
                #expect(inspection.root.size == file.length)
                found.formUnion(inspection.root.all.map(\.kind))
                let matches = try inspection.list(nil).filter { $0.file.path.description == "etc/motd" }
                for match in matches {
                    var bytes: [UInt8] = []
                    try inspection.read(match.volume + ":/etc/motd") { bytes.append(contentsOf: $0) }
                    motd.append(bytes)
                }
            }
            #expect(found.isSuperset(of: Self.kinds(format)), "\(found.sorted())")
            // The root is there once, except that a disk for both firmwares may hold it for each.
            if format.name != "oci" {
                #expect(!motd.isEmpty && motd.allSatisfy { $0 == Array("hello".utf8) }, "\(motd.count)")
            }
        }
    }

    /// What was cut short shows what there is of it, says that it is cut short, and gives no bytes that it does not
    /// have.
    @Test(arguments: OutputFormat.all.filter(\.isAvailable)) func whatIsCutShortIsShown(_ format: OutputFormat)
        async throws
    {
        try await MediaFormatTests.build([format.name], rootOnDisk: format.hasRootOnDisk) { folder in
            for suffix in format.suffixes where !["-kernel", "-cmdline"].contains(suffix) {
                let path = "\(folder)/web\(suffix)"
                let bytes = try TestFile.read(path)
                let whole = try Inspection(ExtentList(file: path), scratch: folder)
                let cut = "\(folder)/cut"
                try ExtentWriter.write(ExtentList(bytes: Array(bytes[..<(bytes.count * 7 / 10)])), to: cut)
                let inspection = try Inspection(ExtentList(file: cut), scratch: folder)
                // A fixed VHD without its end is a disk.
                #expect(inspection.root.kind == (format.name == "vhd" ? "GPT disk" : whole.root.kind), "\(suffix)")
                let isDamaged = !inspection.errors.isEmpty
                #expect(isDamaged == inspection.root.text(name: "x").contains("damaged: "))
                // Where nothing but the end of an archive or free space is missing there need not be an error.
                let isThere = try same(inspection, whole).count == whole.list(nil).count { $0.file.kind == .regular }
                #expect(isDamaged || isThere, "\(suffix)")
            }
        }
    }

    /// The regular files that can be read whole, which must be as they were.
    private func same(_ cut: Inspection, _ whole: Inspection) throws -> [String] {
        try cut.list(nil).filter { $0.file.kind == .regular }.map { "\($0.volume):/\($0.file.path)" }.filter {
            address in
            var (got, expected) = ([UInt8](), [UInt8]())
            do { try cut.read(address) { got.append(contentsOf: $0) } } catch { return false }
            try whole.read(address) { expected.append(contentsOf: $0) }
            let isSame = got == expected
            #expect(isSame, "\(address)")
            return true
        }
    }

    @Test func segmentsHaveNamesOutOfTheSummary() async throws {
        try await MediaFormatTests.build(["kernel+initrd", "raw"]) { folder in
            for name in ["web-initrd.img", "web.img"] {
                let inspection = try Inspection(ExtentList(file: "\(folder)/\(name)"), scratch: folder)
                let names = try BuildRecord.sources(of: "\(folder)/\(name)")
                inspection.addNames { names[$0] }
                let text = inspection.root.text(name: name)
                #expect(text.contains("from docker.io/test/nginx:1") || text.contains("from test/nginx:1"), "\(text)")
            }
            #expect(try BuildRecord.sources(of: folder + "/other.img").isEmpty)
        }
    }

    @Test func segmentsHaveTheirImages() async throws {
        try await MediaFormatTests.build(["kernel+initrd"]) { folder in
            let inspection = try Inspection(try ExtentList(file: folder + "/web-initrd.img"), scratch: folder)
            let segments = inspection.root.children
            let roles = segments.map {
                $0.facts.first { $0.key == "source" }?.value.split(separator: " ").first.map(String.init)
            }
            #expect(
                roles.last == "sentinel" && roles.dropLast().last == "spec" && roles.contains("init")
                    && roles.contains("image"))
            #expect(segments.reduce(0) { $0 + $1.size } <= inspection.root.size)
            #expect(
                segments.allSatisfy {
                    $0.facts.contains { $0.key == "compression" && ["none", "gzip", "zstd"].contains($0.value) }
                })
        }
    }
}
