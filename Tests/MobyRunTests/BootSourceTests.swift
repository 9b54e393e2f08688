import Foundation
import TestSupport
import Testing

@testable import MobyBuild
@testable import MobyRun

/// What an argument of `moby run` means, by the files that exist.
struct BootSourceTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func detect(_ name: String, _ preferences: BootPreferences = BootPreferences()) throws -> BootSource {
        try BootSource.detect(folder.file(name), preferences)
    }

    private func put(_ names: String...) throws { for name in names { try folder.write(name, "x") } }

    @Test(arguments: ["-kernel", "-bzImage"])
    func prefixOfKernelAndInitrd(suffix: String) throws {
        try put("web\(suffix)", "web-initrd.img", "web.iso")
        try folder.write("web-cmdline", "console=ttyS0 a=b\n")
        let files = BootSource.KernelFiles(
            kernel: folder.file("web\(suffix)"), initrd: folder.file("web-initrd.img"), commandLine: "console=ttyS0 a=b"
        )
        #expect(try detect("web") == .kernel(files))
    }

    @Test func withoutCommandLineThatOf2017() throws {
        try put("web-bzImage", "web-initrd.img")
        guard case .kernel(let files) = try detect("web") else { throw RunError("not a kernel") }
        #expect(files.commandLine == "console=ttyS0 console=tty0 page_poison=1")
    }

    @Test func squashfsBeforeInitrdUnlessAskedOtherwise() throws {
        try put("web-kernel", "web-squashfs.img", "web-initrd.img")
        guard case .kernel(let files) = try detect("web") else { throw RunError("not a kernel") }
        #expect(files.squashfs == folder.file("web-squashfs.img") && files.initrd == nil)
        guard case .kernel(let asked) = try detect("web", BootPreferences(kernel: true)) else {
            throw RunError("not a kernel")
        }
        #expect(asked.squashfs == nil && asked.initrd == folder.file("web-initrd.img"))
    }

    @Test func erofsGoesWithTheInitrdThatNamesIt() throws {
        try put("web-kernel", "web-erofs.img", "web-initrd.img")
        try folder.write("web-cmdline", "console=ttyS0 moby.root=UUID=1")
        guard case .kernel(let files) = try detect("web") else { throw RunError("not a kernel") }
        #expect(files.root == folder.file("web-erofs.img") && files.initrd == folder.file("web-initrd.img"))
        try folder.write("web-cmdline", "console=ttyS0")
        guard case .kernel(let old) = try detect("web") else { throw RunError("not a kernel") }
        #expect(old.root == nil)
    }

    @Test func discGoesWithTheInitrdThatNamesIt() throws {
        try put("web-kernel", "web.iso", "web-erofs.img", "web-initrd.img")
        try folder.write("web-cmdline", "console=ttyS0 moby.root=LABEL=ROOT_1F")
        guard case .kernel(let files) = try detect("web") else { throw RunError("not a kernel") }
        #expect(files.root == folder.file("web.iso") && files.initrd == folder.file("web-initrd.img"))
    }

    private func record(_ files: String) throws {
        try folder.write(
            "web-build.json",
            #"{"version":1,"platform":"linux/amd64","minMemoryMiB":1,"unpacked":1,"segments":[],"files":[\#(files)]}"#)
    }

    /// The files of an earlier build under the same name are no longer the build's.
    @Test func recordNamesWhatTheLastBuildMade() throws {
        try put("web-kernel", "web-initrd.img", "web.img")
        try record(#"{"name":"web.img","size":1,"format":"raw","firmware":"both","role":"disk"}"#)
        #expect(try detect("web") == .disk(folder.file("web.img"), .raw, uefi: false))
        #expect(try detect("web", BootPreferences(uefi: true)) == .disk(folder.file("web.img"), .raw, uefi: true))
        // What it lacks is looked for by name.
        guard case .kernel = try detect("web", BootPreferences(kernel: true)) else { throw RunError("not a kernel") }
    }

    @Test func recordTellsARootFromABootableISO() throws {
        try put("web-kernel", "web-initrd.img", "web.iso")
        try folder.write("web-cmdline", "moby.root=LABEL=ROOT_1F")
        try record(
            """
            {"name":"web-kernel","size":1,"format":"kernel+iso","role":"kernel"},
            {"name":"web-initrd.img","size":1,"format":"kernel+iso","role":"initrd"},
            {"name":"web.iso","size":1,"format":"kernel+iso","role":"root","root":"iso9660"},
            {"name":"web-cmdline","size":1,"format":"kernel+iso","role":"cmdline"}
            """)
        guard case .kernel(let files) = try detect("web") else { throw RunError("not a kernel") }
        #expect(files.root == folder.file("web.iso"))
        let error = #expect(throws: RunError.self) { try detect("web.iso") }
        #expect(error?.hint == "name the prefix: \(folder.file("web"))")
        #expect(throws: RunError.self) { try detect("web", BootPreferences(iso: true, uefi: true)) }
    }

    @Test func recordWithoutRolesIsRead() throws {
        try put("web-bzImage", "web-initrd.img", "web-kernel")
        try record(
            #"{"name":"web-bzImage","size":1,"format":"kernel+initrd"},{"name":"web-initrd.img","size":1,"format":"kernel+initrd"}"#
        )
        guard case .kernel(let files) = try detect("web") else { throw RunError("not a kernel") }
        #expect(files.kernel == folder.file("web-bzImage"))
    }

    /// A later version may know more roles; what this one knows counts.
    @Test func unknownRolesAreNone() throws {
        try put("web.img")
        try record(#"{"name":"web.img","size":1,"format":"raw","firmware":"open","role":"rescue"}"#)
        let found = try #require(try BuildRecord.listing(folder.file("web.img")))
        #expect(found.record.platform == "linux/amd64" && found.file.role == nil && found.file.firmware == nil)
    }

    @Test func recordNamesNoFileOfAnotherFolder() throws {
        try put("web-kernel", "web-initrd.img", "secret")
        try FileManager.default.createDirectory(atPath: folder.file("web"), withIntermediateDirectories: false)
        try record(
            #"{"name":"web-kernel","size":1,"format":"kernel+initrd","role":"kernel"},{"name":"web/../secret","size":1,"format":"kernel+initrd","role":"initrd"}"#
        )
        guard case .kernel(let files) = try detect("web") else { throw RunError("not a kernel") }
        #expect(files.initrd == folder.file("web-initrd.img"))
    }

    @Test func recordsOfOthersThatCannotBeReadAreSkipped() throws {
        try put("web.img")
        let loop = folder.file("other-build.json")
        try FileManager.default.createSymbolicLink(atPath: loop, withDestinationPath: loop)
        #expect(try BuildRecord.listing(folder.file("web.img")) == nil)
        // Without its own record it might boot from the wrong firmware.
        try put("other.img")
        #expect(throws: (any Error).self) { try BuildRecord.listing(folder.file("other.img")) }
    }

    /// Nothing else boots instead of what the user asked for.
    @Test func noOtherRootThanSquashfs() throws {
        try put("web-kernel", "web-initrd.img")
        try record(
            #"{"name":"web-kernel","size":1,"format":"kernel+initrd","role":"kernel"},{"name":"web-initrd.img","size":1,"format":"kernel+initrd","role":"initrd"}"#
        )
        guard case .kernel(let files) = try detect("web", BootPreferences(squashfs: true)) else {
            throw RunError("not a kernel")
        }
        #expect(files.squashfs == folder.file("web-squashfs.img") && files.initrd == nil)
    }

    /// A record that cannot be read is an error, not a build without a record.
    @Test func unreadableRecordIsAnError() throws {
        try put("web.img")
        try FileManager.default.createDirectory(
            atPath: folder.file("web-build.json"), withIntermediateDirectories: false)
        #expect(throws: (any Error).self) { try detect("web") }
    }

    /// Every image of the table is found by its prefix and booted from the firmware of its row.
    @Test(arguments: OutputFormat.all.filter { [.iso, .disk].contains($0.files[0].role) })
    func everyImageOfTheTableIsFound(format: OutputFormat) throws {
        let name = "web\(format.suffixes[0])"
        try put(name)
        let (source, isUEFI) = (try detect("web"), format.firmware == .uefi)
        #expect(source.files == [folder.file(name)] && source.uefi == isUEFI)
        #expect(try detect(name).uefi == isUEFI)
    }

    @Test func fileItself() throws {
        try put("a.iso", "b-efi.iso", "c.img", "e-efi.img", "f.vmdk")
        try folder.write("d.img", [0x51, 0x46, 0x49, 0xFB, 0, 0, 0, 3])
        #expect(try detect("a.iso") == .iso(folder.file("a.iso"), uefi: false))
        #expect(try detect("b-efi.iso") == .iso(folder.file("b-efi.iso"), uefi: true))
        #expect(try detect("c.img") == .disk(folder.file("c.img"), .raw, uefi: false))
        #expect(try detect("d.img") == .disk(folder.file("d.img"), .qcow2, uefi: false))
        #expect(try detect("e-efi.img") == .disk(folder.file("e-efi.img"), .raw, uefi: true))
        #expect(try detect("f.vmdk") == .disk(folder.file("f.vmdk"), .vmdk, uefi: false))
    }

    @Test func prefixOfAnImage() throws {
        try put("web.qcow2", "web-efi.iso")
        #expect(try detect("web") == .disk(folder.file("web.qcow2"), .qcow2, uefi: false))
        #expect(try detect("web", BootPreferences(uefi: true)) == .iso(folder.file("web-efi.iso"), uefi: true))
        #expect(try detect("web", BootPreferences(iso: true)) == .iso(folder.file("web-efi.iso"), uefi: true))
    }

    @Test(arguments: [
        ("web.yml", "build it first: moby build"), ("web.img.tar.gz", "unpack the disk first"),
        ("web-kernel", "name the prefix"),
        ("web-initrd.img", "name the prefix"),
    ])
    func explainsWhatIsNoImage(name: String, hint: String) throws {
        try put(name)
        let error = #expect(throws: RunError.self) { try detect(name) }
        #expect(error?.hint?.hasPrefix(hint) == true)
    }

    @Test func namesWhatIsMissing() throws {
        let error = #expect(throws: RunError.self) { try detect("web") }
        #expect(error?.description.contains("'\(folder.file("web"))-kernel'") == true)
        #expect(error?.hint == "build it first: moby build web.yml")
    }

    @Test func textIsNoDisk() throws {
        try folder.write("README.md", "# Read me")
        let error = #expect(throws: RunError.self) { try detect("README.md") }
        #expect(error?.description == "'\(folder.file("README.md"))' is not a bootable image")
        try folder.write("disk", GuestProgram.disk)
        #expect(try detect("disk") == .disk(folder.file("disk"), .raw, uefi: false))
    }

    @Test func folderNamesItsBuilds() throws {
        let empty = #expect(throws: RunError.self) { try BootSource.detect(folder.path) }
        #expect(empty?.description == "'\(folder.path)' is a folder without a build")
        try put("nginx-build.json", "minimal-build.json")
        let error = #expect(throws: RunError.self) { try BootSource.detect(folder.path) }
        #expect(error?.description == "'\(folder.path)' is a folder; it holds the builds 'minimal', 'nginx'")
        #expect(error?.hint == "name one: moby run qemu \(folder.path)/minimal")
        #expect(
            #expect(throws: RunError.self) { try detect("README.md") }?.hint
                == "these builds exist: 'minimal', 'nginx'")
    }
}

/// The record next to a build's files decides the machine, where the user does not.
struct BuildRecordTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        var kernel = [UInt8](repeating: 0, count: 1024)
        kernel.replaceSubrange(0x202..<0x206, with: Array("HdrS".utf8))
        try folder.write("web-kernel", kernel)
        try folder.write("web-initrd.img", "x")
    }

    private func summarize(platform: String, memory: Int) throws {
        try folder.write(
            "web-build.json",
            #"{"platform":"\#(platform)","minMemoryMiB":\#(memory),"unpacked":1,"files":[],"segments":[]}"#)
    }

    private func plan(memory: Int? = nil) throws -> (arguments: [String], said: [String]) {
        var machine = Machine()
        machine.accelerator = .fixed(.tcg)
        machine.memory = memory
        machine.qemu = "/bin/true"
        let lines = AcceleratorProbeTests.Lines()
        let qemu = QEMU(machine, booting: folder.file("web"), environment: [:]) { lines.add($0) }
        return (try qemu.plan().arguments, lines.all)
    }

    private func value(_ option: String, _ arguments: [String]) throws -> String {
        arguments[try #require(arguments.firstIndex(of: option)) + 1]
    }

    @Test(arguments: [(100, "1024M"), (1500, "1500M")])
    func givesTheMemory(least: Int, memory: String) throws {
        try summarize(platform: "linux/amd64", memory: least)
        let plan = try plan()
        #expect(try value("-m", plan.arguments) == memory)
        #expect(plan.said.isEmpty)
    }

    @Test func warnsOfTooLittle() throws {
        try summarize(platform: "linux/amd64", memory: 300)
        let plan = try plan(memory: 256)
        #expect(try value("-m", plan.arguments) == "256M")
        #expect(plan.said == ["warning: --mem 256M is less than the 300 MiB this image needs to boot"])
    }

    @Test func givesTheArchitecture() throws {
        try summarize(platform: "linux/arm64", memory: 300)
        try folder.write("web-kernel", [UInt8](repeating: 0, count: 0x38) + Array("ARMd".utf8))
        #expect(try value("-machine", plan().arguments).hasPrefix("virt,"))
    }

    @Test func isNotNeeded() throws {
        #expect(try value("-m", plan().arguments) == "1024M")
        try folder.write("web-build.json", "not a summary")
        #expect(try value("-m", plan().arguments) == "1024M")
    }
}
