import Testing

@testable import MachineModel

/// The table of architectures, and the kernels that are recognized.
struct MachineModelTests {
    @Test(arguments: [
        ("amd64", "amd64"), ("x86_64", "amd64"), ("X86-64", "amd64"), ("arm64", "arm64"), ("aarch64", "arm64"),
        ("i686", "386"), ("ppc64el", "ppc64le"), ("s390x", "s390x"), ("riscv64", "riscv64"),
    ])
    func findsAnArchitectureByAnyName(text: String, name: String) throws {
        #expect(try Architecture(parsing: text).name == name)
    }

    @Test(arguments: ["", "x68_64", "amd", "64"])
    func refusesUnknownNames(text: String) {
        #expect(throws: UnknownArchitecture(name: text)) { try Architecture(parsing: text) }
    }

    @Test func noNameMeansTwoArchitectures() {
        let names = Architecture.all.flatMap { Set([$0.name, $0.linuxName, $0.debianName] + $0.aliases) }
        #expect(Set(names).count == names.count)
    }

    @Test func namesEFIFiles() {
        #expect(Architecture.amd64.uefi?.bootPath == "EFI/BOOT/BOOTX64.EFI")
        #expect(Architecture.arm64.uefi?.bootPath == "EFI/BOOT/BOOTAA64.EFI")
        #expect(Architecture.arm64.uefi?.stubPath == "usr/lib/systemd/boot/efi/linuxaa64.efi.stub")
        #expect(Architecture.amd64.uefi?.bootManagerPath == "usr/lib/systemd/boot/efi/systemd-bootx64.efi")
    }

    private static func head(_ parts: [(Int, [UInt8])]) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 1024)
        for (offset, part) in parts { bytes.replaceSubrange(offset..<offset + part.count, with: part) }
        return bytes
    }

    private static let mz = Array("MZ".utf8)

    /// The bzImage and the arm64 Image are EFI executables too: their own signatures come first.
    @Test(arguments: [
        (head([(0, mz), (0x202, Array("HdrS".utf8))]), KernelFile(.linuxBzImage, .amd64)),
        (head([(0, mz), (0x38, Array("ARMd".utf8))]), KernelFile(.linuxImage, .arm64)),
        (head([(0x38, Array("RSC\u{5}".utf8))]), KernelFile(.linuxImage, .riscv64)),
        (head([(0, [0x7F, 0x45, 0x4C, 0x46, 2, 1]), (18, [62, 0])]), KernelFile(.elf, .amd64)),
        (head([(0, [0x7F, 0x45, 0x4C, 0x46, 2, 2]), (18, [0, 22])]), KernelFile(.elf, .s390x)),
        (
            head([(0, [0x7F, 0x45, 0x4C, 0x46, 1, 1]), (18, [3, 0]), (512, [2, 0xB0, 0xAD, 0x1B])]),
            KernelFile(.multiboot1, .amd64)
        ),
        (
            head([(0, mz), (0x3C, [0x80, 0]), (0x80, Array("PE\0\0".utf8) + [0x64, 0xAA])]),
            KernelFile(.efi, .arm64)
        ),
        (head([(0, mz)]), KernelFile(.efi, nil)),
    ])
    func recognizesKernels(head: [UInt8], kernel: KernelFile) { #expect(KernelFile(head: head) == kernel) }

    @Test(arguments: [[], Array("kernel".utf8), [0x1F, 0x8B, 8, 0], [UInt8](repeating: 0, count: 8192)])
    func refusesOtherFiles(head: [UInt8]) { #expect(KernelFile(head: head) == nil) }
}
