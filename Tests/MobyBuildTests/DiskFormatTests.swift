import DiskImage
import Extents
import FoundationEssentials
import MachineModel
import MobySpec
import TestSupport
import Testing

@testable import MobyBuild

/// Disks that boot by themselves, judged by the tools of their formats; Debian's boot loaders come from the host's
/// packages.
struct DiskFormatTests {
    static let loaderImage = "test/loaders:1"

    static func fill(_ workshop: Workshop) throws {
        try BuilderTests.fill(workshop)
        let files: [BootLoaders.File] = [.efiStub, .bootManager, .syslinux, .syslinuxCore, .mbr, .gptMBR]
        let paths = files.compactMap { $0.path(for: .amd64) }
        try workshop.image(loaderImage, paths.map { ($0, .bytes(try TestFile.read("/" + $0))) })
    }

    /// Builds formats, and hands on the folder with the files.
    static func build<Value>(
        _ formats: [String], _ yaml: String = BuilderTests.yaml, size: UInt64? = nil, name: String = "web",
        loaders: String = loaderImage,
        _ body: (String) async throws -> Value
    ) async throws -> Value {
        try await Workshop.with { workshop in
            try fill(workshop)
            let options = workshop.options {
                $0.formats = formats
                $0.bootLoaders = loaders
                $0.size = size
                $0.name = name
                $0.time = 1_700_000_000
            }
            _ = try await Builder(store: workshop.store, options: options).build(workshop.spec(yaml))
            return try await body(workshop.folder + "/out")
        }
    }

    @Test func theSpecNamesBootLoadersAndTheOptionWins() async throws {
        try await Workshop.with { workshop in
            try Self.fill(workshop)
            try workshop.image("test/noloaders:1", [("x", .file("x"))])
            func build(_ image: String, option: String?) async throws {
                let options = workshop.options {
                    $0.formats = ["raw-efi"]
                    $0.bootLoaders = option
                }
                let spec = try workshop.spec(BuilderTests.yaml + "\nboot: {image: \"\(image)\"}\n")
                #expect(try BuildPlan(spec, options).needsBootLoaders)
                _ = try await Builder(store: workshop.store, options: options).build(spec)
            }
            try await build(Self.loaderImage, option: nil)
            try await build("test/noloaders:1", option: Self.loaderImage)
            let error = await #expect(throws: BuildError.self) { try await build("test/noloaders:1", option: nil) }
            #expect(error?.description.contains("boot loader image 'docker.io/test/noloaders:1' has no file") == true)
        }
    }

    @Test func lintLooksAtBootLoadersInTheStore() async throws {
        try await Workshop.with { workshop in
            try Self.fill(workshop)
            try workshop.image(
                "test/noloaders:1",
                [("usr", .directory()), ("usr/bin", .directory()), ("usr/bin/syslinux", .file("x"))])
            func warnings(_ image: String) async throws -> [String] {
                let spec = try workshop.spec("boot: {image: \"\(image)\"}")
                let options = workshop.options { $0.formats = ["tar"] }
                return try await Linter(store: workshop.store, options: options).check(spec).diagnostics.map(\.message)
            }
            #expect(try await warnings("test/absent:1") == [])
            let expected =
                "boot loader image 'test/noloaders:1' has no file 'usr/lib/systemd/boot/efi/linuxx64.efi.stub' and 6 more"
            #expect(try await warnings("test/noloaders:1") == [expected])
        }
    }

    /// Format, file name, files on its volume.
    static let disks: [(format: String, suffix: String, files: [String])] = [
        ("raw-bios", "-bios.img", ["LDLINUX.SYS", "initrd.img", "kernel", "ldlinux.c32", "syslinux.cfg"]),
        ("raw-efi", "-efi.img", ["EFI/BOOT/BOOTX64.EFI"]),
        (
            "raw", ".img",
            [
                "EFI/BOOT/BOOTX64.EFI", "LDLINUX.SYS", "initrd.img", "kernel", "ldlinux.c32",
                "loader/entries/moby.conf",
                "loader/loader.conf", "syslinux.cfg",
            ]
        ),
        (
            "aws", ".raw",
            [
                "EFI/BOOT/BOOTX64.EFI", "LDLINUX.SYS", "initrd.img", "kernel", "ldlinux.c32",
                "loader/entries/moby.conf",
                "loader/loader.conf", "syslinux.cfg",
            ]
        ),
    ]

    @Test(arguments: disks) func judgesAreContent(format: String, suffix: String, files: [String]) async throws {
        try await Self.build([format, "kernel+initrd"]) { folder in
            let disk = "\(folder)/web\(suffix)"
            let check = try await Oracle(format == "raw-bios" ? "sfdisk" : "sgdisk")(
                format == "raw-bios" ? "-V" : "-v", disk)
            #expect(check.contains("No problems found") || check.contains("No errors detected"), "\(check)")
            try await Oracle("dd")("if=\(disk)", "of=\(folder)/volume", "bs=1M", "skip=1", "status=none")
            try await Oracle("fsck.fat")("-n", "\(folder)/volume")
            let list = try await Oracle("mdir")("-i", "\(folder)/volume", "-/", "-a", "-b", "::/")
            let found = list.split(separator: "\n").map { String($0.dropFirst(3)) }.filter { !$0.hasSuffix("/") }
            #expect(found.map { $0.lowercased() }.sorted() == files.map { $0.lowercased() }.sorted())
            for (name, file) in [("kernel", "web-kernel"), ("initrd.img", "web-initrd.img")] where format != "raw-efi" {
                try await Oracle("mcopy")("-n", "-i", "\(folder)/volume", "::/\(name)", "\(folder)/copy-\(name)")
                #expect(try TestFile.read("\(folder)/copy-\(name)") == TestFile.read("\(folder)/\(file)"))
            }
        }
    }

    @Test func everyFormatHasTheSameCommandLine() async throws {
        try await Self.build(["raw", "uki"]) { folder in
            try await Oracle("dd")("if=\(folder)/web.img", "of=\(folder)/volume", "bs=1M", "skip=1", "status=none")
            for (file, line) in [
                ("syslinux.cfg", "  APPEND console=ttyS0\n"), ("loader/entries/moby.conf", "options console=ttyS0\n"),
            ] {
                #expect(try await Oracle("mtype")("-i", "\(folder)/volume", "::/\(file)").contains(line))
            }
            try await Oracle("objcopy")(
                "-O", "binary", "--only-section", ".cmdline", "\(folder)/web.efi", "\(folder)/line")
            #expect(try TestFile.text("\(folder)/line").prefix { $0 != "\0" } == "console=ttyS0")
        }
    }

    @Test func sameInputSameBytesAndOtherInputOtherIds() async throws {
        func disk(_ yaml: String = BuilderTests.yaml, name: String = "web") async throws -> (bytes: [UInt8], guid: GUID)
        {
            try await Self.build(["raw"], yaml, name: name) { folder in
                (
                    try TestFile.read("\(folder)/\(name).img"),
                    try GPT.Table(ExtentList(file: "\(folder)/\(name).img")).disk
                )
            }
        }
        let first = try await disk()
        #expect(try await disk().bytes == first.bytes)
        #expect(try await disk(name: "other").guid != first.guid)
        let edited = BuilderTests.yaml.split(separator: "hello").joined(separator: "bye")
        #expect(try await disk(edited).guid != first.guid)
    }

    @Test func sizeIsALeastSize() async throws {
        for (size, expected) in [(100 << 20, 100 << 20), (1, 4 << 20)] as [(UInt64, Int)] {
            try await Self.build(["raw", "raw-bios"], size: size) { folder in
                for suffix in [".img", "-bios.img"] {
                    let length = try ExtentList(file: "\(folder)/web\(suffix)").length
                    #expect(length == UInt64(expected), "\(suffix)")
                }
            }
        }
    }

    @Test(arguments: [
        ("console=ttyS0", "SERIAL 0 115200\n"), ("console=tty0 console=ttyS1,9600n8", "SERIAL 1 9600\n"),
        ("console=tty0", ""), ("", ""),
    ])
    func serialConsole(commandLine: String, expected: String) throws {
        let text = try medium(commandLine).syslinuxConfiguration(kernel: "/k", initrd: "/i")
        let append = commandLine.isEmpty ? "" : "  APPEND \(commandLine)\n"
        #expect(text == expected + "DEFAULT linux\nPROMPT 0\nLABEL linux\n  LINUX /k\n  INITRD /i\n" + append)
    }

    private func medium(
        _ commandLine: String, kernel: ExtentList? = ExtentList(bytes: [1]), initrd: UInt64 = 1,
        _ firmware: OutputFormat.Firmware = .bios
    ) throws -> BootMedium {
        let boot = BootFiles(
            kernel: kernel, microcode: nil, initrd: ExtentList([.hole(initrd)]), commandLine: commandLine, identity: "",
            root: [])
        var request = OutputRequest(name: "web")
        request.loaders = BootLoaders(name: "none", architecture: .amd64, tree: try Workshop.tree([]))
        return try BootMedium(boot, request, firmware)
    }

    @Test func limits() async throws {
        #expect(try medium("a\n").commandLine == "a")
        _ = try medium("", initrd: 2 << 30, .uefi)
        let cases: [(() async throws -> Void, String)] = [
            ({ _ = try medium("", kernel: nil) }, "the spec has no kernel, which a bootable image needs"),
            ({ _ = try medium("a\nb") }, "the kernel command line has a line break or another control character"),
            (
                { _ = try medium(String(repeating: "x", count: 2048)) },
                "the kernel command line has 2048 bytes; the kernel's limit is 2047 bytes"
            ),
            (
                { _ = try medium("", initrd: 2 << 30) },
                "the initrd has 2147483648 bytes; the limit for BIOS is 2013265920 bytes (1920 MiB)"
            ),
            (
                { _ = try await medium("").unifiedKernelImage() },
                "boot loader image 'none' has no file 'usr/lib/systemd/boot/efi/linuxx64.efi.stub'"
            ),
        ]
        for (make, message) in cases {
            let error = await #expect(throws: BuildError.self) { try await make() }
            #expect(error?.description == message)
        }
    }
}
