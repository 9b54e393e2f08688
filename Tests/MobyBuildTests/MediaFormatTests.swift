import DiskImage
import Extents
import FoundationEssentials
import Glibc
import MachineModel
import TestSupport
import Testing

@testable import MobyBuild

/// CD images and disk containers, judged by the tools of their formats; Debian's boot loaders come from the host's
/// packages.
struct MediaFormatTests {
    static func build<Value>(
        _ formats: [String], size: UInt64? = nil, loaders: Bool = true, rootOnDisk: Bool = false,
        _ body: (String) async throws -> Value
    ) async throws -> Value {
        try await Workshop.with { workshop in
            try fill(workshop, loaders: loaders, rootOnDisk: rootOnDisk)
            let options = workshop.options {
                $0.formats = formats
                $0.bootLoaders = "test/all-loaders:1"
                $0.size = size
                $0.time = 1_700_000_000
            }
            _ = try await Builder(store: workshop.store, options: options).build(
                workshop.spec(rootOnDisk ? DiskRootTests.yaml : BuilderTests.yaml))
            return try await body(workshop.folder + "/out")
        }
    }

    static func fill(_ workshop: Workshop, loaders: Bool, rootOnDisk: Bool) throws {
        try BuilderTests.fill(workshop)
        if rootOnDisk { try DiskRootTests().fill(workshop) }
        guard loaders else { return }
        let paths = BootLoaders.File.allCases.compactMap { $0.path(for: .amd64) }
        try workshop.image(
            "test/all-loaders:1", paths.map { ($0, .bytes(try TestFile.read("/" + $0))) })
    }

    private static func file(_ format: OutputFormat, in folder: String) -> String {
        "\(folder)/web\(format.suffixes[0])"
    }

    @Test(arguments: OutputFormat.all.filter(\.isAvailable)) func sameInputSameBytes(_ format: OutputFormat)
        async throws
    {
        func files() async throws -> [[UInt8]] {
            try await Self.build([format.name], rootOnDisk: format.hasRootOnDisk) { folder in
                let names = try TestFile.names(in: folder)
                return try names.filter { !$0.hasSuffix("-build.json") }.map { try TestFile.read("\(folder)/\($0)") }
            }
        }
        let first = try await files()
        #expect(!first.isEmpty)
        #expect(try await files() == first)
    }

    @Test(arguments: OutputFormat.all.filter { $0.medium == .disk }) func holesStayHoles(_ format: OutputFormat)
        async throws
    {
        try await Self.build([format.name], size: 3 << 30) { folder in
            var info = stat()
            #expect(stat(Self.file(format, in: folder), &info) == 0)
            #expect(info.st_blocks * 512 < 8 << 20, "\(info.st_blocks * 512) bytes on disk")
        }
    }

    @Test(arguments: ["iso", "iso-bios", "iso-efi", "iso-efi-initrd"]) func discHasKernelAndInitrd(_ name: String)
        async throws
    {
        try await Self.build([name, "kernel+initrd"]) { folder in
            let format = try #require(OutputFormat.named(name))
            let path = Self.file(format, in: folder)
            let volume = try ISO9660.read(try ExtentList(file: path))
            #expect(
                volume.bootEntries.map(\.platform)
                    == (format.firmware == .both ? [0, 0xef] : format.firmware == .bios ? [0] : [0xef]))
            guard format.firmware != .uefi else { return #expect(volume.entries.count == 0) }
            for (name, suffix) in [("KERNEL.", "-kernel"), ("INITRD.IMG", "-initrd.img")] {
                try await Oracle("xorriso")(
                    "-osirrox", "on", "-indev", path, "-extract", "/" + (name == "KERNEL." ? "kernel" : "initrd.img"),
                    "\(folder)/\(name)")
                #expect(try TestFile.read("\(folder)/\(name)") == TestFile.read("\(folder)/web\(suffix)"))
            }
        }
    }

    /// Format, and what QEMU calls it.
    @Test(arguments: [
        ("qcow2", "qcow2"), ("qcow2-compressed", "qcow2"), ("vmdk", "vmdk"), ("vhd", "vpc"), ("dynamic-vhd", "vpc"),
    ])
    func containersHoldTheRawDisk(name: String, qemuName: String) async throws {
        try await Self.build([name, "raw"]) { folder in
            let path = Self.file(try #require(OutputFormat.named(name)), in: folder)
            try await Oracle("qemu-img")("compare", "-f", "raw", "-F", qemuName, "\(folder)/web.img", path)
        }
    }

    @Test func computeEngineGetsWholeGibibytes() async throws {
        try await Self.build(["gcp"], size: (1 << 30) + 1) { folder in
            try await Oracle("tar")("-C", folder, "-xzf", "\(folder)/web.img.tar.gz")
            #expect(try ExtentList(file: "\(folder)/disk.raw").length == 2 << 30)
            #expect(try await Oracle("sgdisk")("-v", "\(folder)/disk.raw").contains("No problems found"))
        }
    }

    @Test func dockerAndOCIHoldTheRoot() async throws {
        try await Self.build(["docker", "oci"], loaders: false) { folder in
            let names = try await Oracle("tar")("-tf", "\(folder)/web.docker").split(separator: "\n")
            #expect(Set(names).isSuperset(of: ["Dockerfile", ".dockerignore", "boot/kernel", "init", "etc/motd"]))
            let answer = try await Oracle.skopeo("inspect", "--config", "oci-archive:\(folder)/web-oci.tar")
            #expect(answer.contains("\"/init\"") && answer.contains("amd64"))
            try await Oracle.skopeo("copy", "oci-archive:\(folder)/web-oci.tar", "oci:\(folder)/layout:web")
            try await Oracle.umoci("unpack", "--rootless", "--image", "\(folder)/layout:web", "\(folder)/bundle")
            #expect(try TestFile.text("\(folder)/bundle/rootfs/etc/motd") == "hello")
        }
    }
}
