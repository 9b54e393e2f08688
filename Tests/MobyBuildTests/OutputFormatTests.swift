import MobySpec
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
            try FormatChoice.formats([], spec, streaming: false).flatMap(\.suffixes) == [
                "-bzImage", "-initrd.img", "-cmdline",
            ])
        #expect(
            try FormatChoice.formats(["kernel+initrd"], spec, streaming: false).flatMap(\.suffixes) == [
                "-kernel", "-initrd.img", "-cmdline",
            ])
        #expect(try FormatChoice.formats([], Spec(), streaming: false).map(\.name) == ["kernel+initrd"])
        #expect(try FormatChoice.formats([], Spec(), streaming: true).map(\.name) == ["tar"])
        #expect(try FormatChoice.formats(["tar", "tar"], Spec(), streaming: false).map(\.name) == ["tar"])
    }

    @Test(arguments: OutputFormat.all.filter { !$0.isAvailable }) func notYetThereSaysSo(_ format: OutputFormat) {
        let error = #expect(throws: BuildError.self) {
            _ = try FormatChoice.formats([format.name], Spec(), streaming: false)
        }
        #expect(error?.description == "output format '\(format.name)' is not made")
        #expect(error?.hint?.contains("kernel+erofs") == true)
    }

    @Test func unknownNameGetsAGuess() throws {
        let error = #expect(throws: BuildError.self) {
            _ = try FormatChoice.formats(["kernel-initrd"], Spec(), streaming: false)
        }
        #expect(error?.description == "unknown output format 'kernel-initrd'")
        #expect(error?.hint?.hasPrefix("did you mean 'kernel+initrd'? formats: kernel+initrd, tar, ") == true)
        let spec = try Workshop.spec("outputs:\n  - format: kernel+initrd\n  - format: rpi3\n")
        let fault = #expect(throws: SpecError.self) { _ = try FormatChoice.formats([], spec, streaming: false) }
        #expect(fault?.diagnostics.first?.location?.line == 3)
        #expect(fault?.diagnostics.first?.message == "output format 'rpi3' is not made")
    }

    @Test func namesOf2017() throws {
        let spec = try Workshop.spec("outputs:\n  - format: gcp-img\n  - format: qcow\n  - format: iso-efi\n")
        #expect(try FormatChoice.formats([], spec, streaming: false).map(\.name) == ["gcp", "qcow2", "iso-efi"])
    }

    @Test func onlyOneStreamGoesToOneFile() {
        for (formats, message) in [
            (["raw"], "format 'raw' is not a stream of bytes, which --output takes"),
            (["tar", "kernel+initrd"], "format 'kernel+initrd' is not a stream of bytes, which --output takes"),
            (["tar", "oci"], "--output takes one format, not 'tar', 'oci'"),
        ] {
            let error = #expect(throws: BuildError.self) {
                _ = try FormatChoice.formats(formats, Spec(), streaming: true)
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
}
