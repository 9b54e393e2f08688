import Foundation
import MobyRun
import TestSupport
import Testing

/// Firmware with Secure Boot on and a certificate of its own: Debian's OVMF for tests, with the key that comes with it.
@Suite(.serialized, .bootedAgain) struct SecureBootTests {
    private func start(_ image: String, in folder: String, asDisc: Bool = false) throws -> MachineHandle {
        let variables = folder + "/variables-\(UUID().uuidString).fd"
        try FileManager.default.copyItem(atPath: "/usr/share/OVMF/OVMF_VARS_4M.snakeoil.fd", toPath: variables)
        // An empty CD is what the program boots from; firmware, its variables and the disk come as arguments.
        return try GuestMachine.boot(folder + "/empty.iso", memory: 512) {
            $0.accelerator = .fixed(.tcg)
            $0.extraArguments = [
                "-machine", "smm=on", "-global", "driver=cfi.pflash01,property=secure,value=on",
                "-drive", "if=pflash,format=raw,unit=0,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.secboot.fd",
                "-drive", "if=pflash,format=raw,unit=1,file=\(variables)",
                "-drive", "if=none,id=real,format=raw,snapshot=on,file=\(image)", "-device",
                asDisc ? "scsi-cd,bus=scsi0.0,drive=real,bootindex=1" : "virtio-blk-pci,drive=real,bootindex=1",
            ]
        }
    }

    @Test(.timeLimit(.minutes(10))) func signedMediaBootAndAChangedOneDoesNot() async throws {
        try await withTemporaryDirectory { folder in
            let packages = Program.root + "/pkg"
            let text = """
                kernel:
                  image: "@pkg:\(Program.root)/kernel"
                  cmdline: console=ttyS0
                init: ["@pkg:\(packages)/init", "@pkg:\(packages)/runc"]
                services:
                  - {name: still, image: "@pkg:\(packages)/busybox", command: ["/bin/sleep", "100000"]}
                """
            try text.write(toFile: folder + "/still.yml", atomically: true, encoding: .utf8)
            try Data(count: 1 << 20).write(to: URL(filePath: folder + "/empty.iso"))
            try await Oracle("openssl")(
                "rsa", "-in", "/usr/share/ovmf/PkKek-1-snakeoil.key", "-passin", "pass:snakeoil", "-out",
                folder + "/key.pem")
            try Program.moby([
                "build", "--dir", folder, "--format", "raw,raw-efi,iso-efi", "--sign-key", folder + "/key.pem",
                "--sign-cert",
                "/usr/share/ovmf/PkKek-1-snakeoil.pem", folder + "/still.yml",
            ])
            for name in ["still-efi.img", "still.img", "still-efi.iso"] {
                let machine = try GuestMachine.boot(until: "1 of 1 services running", within: .seconds(150)) {
                    try start("\(folder)/\(name)", in: folder, asDisc: name.hasSuffix(".iso"))
                }
                machine.terminate()
            }
            var disk = try Data(contentsOf: URL(filePath: folder + "/still-efi.img"))
            disk[disk.count / 2] ^= 1
            try disk.write(to: URL(filePath: folder + "/changed-efi.img"))
            let machine = try start(folder + "/changed-efi.img", in: folder)
            _ = try machine.line(containing: "Access Denied", within: .seconds(100))
            machine.terminate()
            #expect(!machine.console.contains("services running"))
        }
    }
}
