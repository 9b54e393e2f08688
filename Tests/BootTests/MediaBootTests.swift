import Foundation
import MobyRun
import TestSupport
import Testing

/// Every CD image and disk container, booted by each firmware it is for, as CD and as disk.
@Suite(.serialized, .bootedAgain) struct MediaBootTests {
    @Test(.timeLimit(.minutes(6)), arguments: BootCase.all)
    func boots(_ boot: BootCase) async throws {
        try await withTemporaryDirectory { folder in
            try Self.spec.write(toFile: folder + "/m.yml", atomically: true, encoding: .utf8)
            try Program.moby(["build", "--dir", folder, "--format", boot.format, folder + "/m.yml"])
            let image = try await boot.unpacked(folder + "/m" + boot.suffix, in: folder)
            // The name says how `moby run` starts it.
            let path = "\(folder)/run\(boot.isUEFI ? "-efi" : "").\(boot.medium)"
            try FileManager.default.moveItem(atPath: image, toPath: path)
            let machine = try GuestMachine.boot(until: "0 of 0 services running", within: .seconds(160)) {
                try GuestMachine.boot(path, cpus: 2, memory: 512) { $0.accelerator = .fixed(.tcg) }
            }
            machine.terminate()
        }
    }

    private static let spec = """
        kernel:
          image: "@pkg:\(Program.root)/kernel"
          cmdline: console=ttyS0
        init: ["@pkg:\(Program.root)/pkg/init", "@pkg:\(Program.root)/pkg/runc"]
        """
}

/// A format, and one way to start it.
struct BootCase: Sendable, CustomTestStringConvertible {
    let format: String
    /// Of the file that a build leaves.
    let suffix: String
    var isUEFI = false
    /// What the machine is given: `iso` is a CD, all others a disk.
    let medium: String

    var testDescription: String { "\(format) by \(isUEFI ? "UEFI" : "BIOS") as \(medium)" }

    static let all = [
        BootCase(format: "iso", suffix: ".iso", medium: "iso"),
        BootCase(format: "iso", suffix: ".iso", isUEFI: true, medium: "iso"),
        BootCase(format: "iso", suffix: ".iso", medium: "img"),
        BootCase(format: "iso", suffix: ".iso", isUEFI: true, medium: "img"),
        BootCase(format: "iso-bios", suffix: ".iso", medium: "iso"),
        BootCase(format: "iso-efi", suffix: "-efi.iso", isUEFI: true, medium: "iso"),
        BootCase(format: "iso-efi-initrd", suffix: "-efi-initrd.iso", isUEFI: true, medium: "img"),
        BootCase(format: "qcow2", suffix: ".qcow2", medium: "qcow2"),
        BootCase(format: "qcow2", suffix: ".qcow2", isUEFI: true, medium: "qcow2"),
        BootCase(format: "qcow2-bios", suffix: ".qcow2", medium: "qcow2"),
        BootCase(format: "qcow2-efi", suffix: "-efi.qcow2", isUEFI: true, medium: "qcow2"),
        BootCase(format: "qcow2-compressed", suffix: "-compressed.qcow2", medium: "qcow2"),
        BootCase(format: "vmdk", suffix: ".vmdk", medium: "vmdk"),
        BootCase(format: "vhd", suffix: ".vhd", medium: "vhd"),
        BootCase(format: "dynamic-vhd", suffix: ".vhd", medium: "vhd"),
        BootCase(format: "gcp", suffix: ".img.tar.gz", medium: "img"),
        BootCase(format: "gcp", suffix: ".img.tar.gz", isUEFI: true, medium: "img"),
    ]

    /// The image that a machine can be given: of Compute Engine's archive, the disk in it.
    func unpacked(_ path: String, in folder: String) async throws -> String {
        guard suffix.hasSuffix(".tar.gz") else { return path }
        try await Oracle("tar")("-C", folder, "-xzf", path)
        return folder + "/disk.raw"
    }
}
