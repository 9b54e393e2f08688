internal import Extents
internal import MachineModel
public import MobyBuild
internal import Synchronization

/// What this host needs to boot machines, for `moby doctor`. `moby build` needs none of it.
public enum MachineChecks {
    /// QEMU and firmware for each architecture that system images exist for; then the accelerator of this one's.
    public static func all(environment: [String: String]) -> [HostCheck] {
        let path = environment["PATH"] ?? ""
        let architectures = [Architecture.host] + [.amd64, .arm64].filter { $0 != .host }
        var checks: [HostCheck] = []
        for architecture in architectures {
            checks += [emulator(architecture, path), firmware(architecture)].compactMap(\.self)
        }
        if let kvm = accelerator(environment) { checks.insert(kvm, at: 1) }
        if Architecture.host.hasBIOS { checks.append(roms) }
        return checks
    }

    /// What is only for `--arch` is a warning.
    private static func absent(_ architecture: Architecture) -> HostCheck.State {
        architecture == .host ? .missing : .warning
    }

    private static func purpose(_ architecture: Architecture) -> String {
        architecture == .host ? "'moby run' needs it" : "'moby run --arch \(architecture)' needs it"
    }

    private static func emulator(_ architecture: Architecture, _ path: String) -> HostCheck? {
        guard let model = architecture.virtualMachine else { return nil }
        let name = Preflight.emulator(for: architecture)
        if let found = HostFiles.program(name, path: path) { return HostCheck("qemu \(architecture)", .ok, found) }
        return HostCheck(
            "qemu \(architecture)", absent(architecture), "no \(name) in PATH; \(purpose(architecture))",
            hint: "apt-get install \(model.debianPackage)")
    }

    private static func firmware(_ architecture: Architecture) -> HostCheck? {
        guard let uefi = architecture.uefi else { return nil }
        let subject = "uefi \(architecture)"
        do {
            switch try QEMUHost.Firmware(installed: uefi) {
            case .single(let path)?, .split(let path, _)?: return HostCheck(subject, .ok, path)
            case nil:
                return HostCheck(
                    subject, absent(architecture),
                    "no firmware; \(purpose(architecture)) for images that boot from UEFI",
                    hint: "apt-get install \(uefi.debianPackage)")
            }
        } catch { return HostCheck(subject, .warning, error) }
    }

    /// Whether hardware runs the guests; tried with a test guest, whose result is cached.
    private static func accelerator(_ environment: [String: String]) -> HostCheck? {
        let name = Preflight.emulator(for: .host)
        guard let qemu = HostFiles.program(name, path: environment["PATH"] ?? "") else { return nil }
        let reason = Mutex("")
        let probe = AcceleratorProbe(qemu: qemu, environment: environment) { line in
            reason.withLock { $0 = line.replacing("accelerator: ", with: "") }
        }
        do {
            let found = try probe.choose(.automatic, for: .host)
            let detail = reason.withLock(\.self)
            guard found == .tcg else { return HostCheck("kvm", .ok, detail) }
            return HostCheck(
                "kvm", .warning, detail, hint: "machines run under emulation, several times slower than with KVM")
        } catch { return HostCheck("kvm", .warning, error) }
    }

    /// Files that QEMU loads into a PC, in packages that Debian's QEMU only recommends.
    private static var roms: HostCheck {
        let wanted = [
            ("bios-256k.bin", ["/usr/share/seabios", "/usr/share/qemu"], "seabios"),
            ("efi-virtio.rom", ["/usr/lib/ipxe/qemu", "/usr/share/qemu"], "ipxe-qemu"),
        ]
        let missing: [(String, [String], String)]
        do {
            missing = try wanted.filter { file, folders, _ in
                try !folders.contains { try HostFiles.exists("\($0)/\(file)") }
            }
        } catch { return HostCheck("roms", .warning, error) }
        guard !missing.isEmpty else { return HostCheck("roms", .ok, "SeaBIOS and iPXE") }
        return HostCheck(
            "roms", .warning, "no \(missing.map(\.0).joined(separator: ", ")) in the usual folders",
            hint: "apt-get install \(missing.map(\.2).joined(separator: " "))")
    }
}
