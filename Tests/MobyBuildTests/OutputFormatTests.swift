import MachineModel
import MobySpec
import OCI
import Testing

@testable import MobyBuild

struct OutputFormatTests {
    @Test func namesAreUnique() {
        #expect(Set(OutputFormat.all.map(\.name)).count == OutputFormat.all.count)
        #expect(OutputFormat.all.filter(\.isAvailable).allSatisfy { !$0.suffixes.isEmpty })
    }

    @Test func choiceOfFormats() throws {
        let spec = try Workshop.spec("outputs:\n  - format: kernel+initrd\n")
        #expect(
            try FormatSelection.formats([], spec, streaming: false).flatMap(\.suffixes) == [
                "-bzImage", "-initrd.img", "-cmdline",
            ])
        #expect(
            try FormatSelection.formats(["kernel+initrd"], spec, streaming: false).flatMap(\.suffixes) == [
                "-kernel", "-initrd.img", "-cmdline",
            ])
        #expect(try FormatSelection.formats([], Spec(), streaming: false).map(\.name) == ["kernel+initrd"])
        #expect(try FormatSelection.formats([], Spec(), streaming: true).map(\.name) == ["tar"])
        #expect(try FormatSelection.formats(["tar", "tar"], Spec(), streaming: false).map(\.name) == ["tar"])
    }

    @Test(arguments: OutputFormat.all.filter { !$0.isAvailable }) func notYetThereSaysSo(_ format: OutputFormat) {
        let error = #expect(throws: BuildError.self) {
            _ = try FormatSelection.formats([format.name], Spec(), streaming: false)
        }
        #expect(error?.description == "output format '\(format.name)' is not supported")
        #expect(error?.hint?.contains("kernel+erofs") == true)
    }

    @Test func unknownNameGetsAGuess() throws {
        let error = #expect(throws: BuildError.self) {
            _ = try FormatSelection.formats(["kernel-initrd"], Spec(), streaming: false)
        }
        #expect(error?.description == "unknown output format 'kernel-initrd'")
        #expect(error?.hint?.hasPrefix("did you mean 'kernel+initrd'? formats: kernel+initrd, tar, ") == true)
        let spec = try Workshop.spec("outputs:\n  - format: kernel+initrd\n  - format: rpi3\n")
        let problem = #expect(throws: SpecError.self) { _ = try FormatSelection.formats([], spec, streaming: false) }
        #expect(problem?.diagnostics.first?.location?.line == 3)
        #expect(problem?.diagnostics.first?.message == "output format 'rpi3' is not supported")
    }

    @Test func namesOf2017() throws {
        let spec = try Workshop.spec("outputs:\n  - format: gcp-img\n  - format: qcow\n  - format: iso-efi\n")
        #expect(try FormatSelection.formats([], spec, streaming: false).map(\.name) == ["gcp", "qcow2", "iso-efi"])
    }

    @Test func onlyOneStreamGoesToOneFile() {
        for (formats, message) in [
            (["raw"], "format 'raw' cannot be written with --output: it is not a single stream"),
            (
                ["tar", "kernel+initrd"],
                "format 'kernel+initrd' cannot be written with --output: it is not a single stream"
            ),
            (["tar", "oci"], "--output takes one format, not 'tar', 'oci'"),
        ] {
            let error = #expect(throws: OptionError.self) {
                _ = try FormatSelection.formats(formats, Spec(), streaming: true)
            }
            #expect(error?.description == message)
        }
    }

    /// The last ones: a million names are more than a small machine has inodes for, unless its root is a ramfs.
    @Test(
        arguments: [
            ("rootfstype=tmpfs", 0, 2 * 256 + 64 + 64), ("rootfstype=ramfs", 0, 256 + 64 + 64),
            ("", 32 << 10, 2 * 256 + 32 + 64 + 64),
            ("", 1 << 20, 8192 + 64), ("rootfstype=ramfs", 1 << 20, 256 + 1024 + 64 + 64),
        ] as [(String, Int, Int)])
    func memory(_ commandLine: String, _ entries: Int, _ expected: Int) {
        let mebibyte: UInt64 = 1 << 20
        let estimate = MemoryEstimate.mebibytes(
            unpacked: 256 * mebibyte, entries: entries, initrd: 24 * mebibyte, kernel: 10 * mebibyte,
            commandLine: commandLine)
        #expect(estimate == expected)
    }

    /// Format, architecture, kernel, and the message of what cannot work.
    @Test(arguments: [
        ("raw-bios", "arm64", nil, "format 'raw-bios' boots from BIOS, which arm64 machines do not have"),
        ("iso", "arm64", nil, "format 'iso' boots from BIOS, which arm64 machines do not have"),
        ("raw-efi", "s390x", nil, "format 'raw-efi' boots from UEFI, which s390x machines do not have"),
        ("raw-efi", "arm64", KernelFile(.linuxImage, .arm64), nil), ("tar", "s390x", nil, nil),
        ("kernel+initrd", "amd64", KernelFile(.elf, .amd64), nil),
        ("iso", "amd64", KernelFile(.linuxBzImage, .amd64), nil),
        ("raw-bios", "amd64", KernelFile(.elf, .amd64), "format 'raw-bios' cannot boot an ELF kernel (vmlinux)"),
        ("uki", "amd64", KernelFile(.multiboot1, .amd64), "format 'uki' cannot boot a multiboot kernel"),
        (
            "kernel+initrd", "amd64", KernelFile(.linuxImage, .arm64),
            "the kernel is a Linux Image for arm64, but the build is for amd64"
        ),
    ])
    func whatCannotBootIsAnError(name: String, architecture: String, kernel: KernelFile?, message: String?) throws {
        let format = try OutputFormat.available(name)
        let errors = OutputFormat.bootErrors(
            [format], on: Platform(architecture: architecture), kernel: kernel, at: nil)
        #expect(errors.map(\.message) == [message].compactMap(\.self))
        #expect(errors.allSatisfy { $0.hint != nil })
    }
}
