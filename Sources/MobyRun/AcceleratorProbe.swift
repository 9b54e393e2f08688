internal import Extents
internal import Glibc
internal import MachineModel

/// Finds an accelerator that works. A `/dev/kvm` that can be opened does not prove it: inside some virtual machines a
/// guest starts and then hangs at its first step out of the firmware. So a guest of one boot sector is run, within a
/// time limit, and the result is cached.
struct AcceleratorProbe {
    let qemu: String
    let environment: [String: String]
    var device = "/dev/kvm"
    var limit: Duration = .seconds(2)
    let report: @Sendable (String) -> Void

    /// The result of the test guest.
    enum Verdict: Equatable {
        case works
        case broken(String)
        /// This time the test guest could not be started; the next run tries again.
        case unknown(String)

        var text: String {
            switch self {
            case .works: "works"
            case .broken(let why), .unknown(let why): why
            }
        }
    }

    /// The accelerator to use, reported in one line with the reason unless the user chose it.
    /// - Throws: ``RunError`` when the user insists on one that does not work.
    func choose(_ choice: Accelerator.Choice, for architecture: Architecture) throws -> Accelerator {
        if case .fixed(let accelerator) = choice {
            try check(accelerator, architecture)
            return accelerator
        }
        guard architecture == .host else {
            return report(
                .tcg, "the image is for \(architecture.linuxName), this host is \(Architecture.host.linuxName)")
        }
        if access(device, F_OK) != 0 { return report(.tcg, "\(device) does not exist") }
        if access(device, R_OK | W_OK) != 0 {
            return report(
                .tcg,
                "cannot open \(device): \(FileError.text().lowercased()); is this user in the group kvm?"
            )
        }
        // The test guest is a PC's.
        guard architecture == .amd64 else { return report(.kvm, "\(device) can be opened") }
        let (verdict, note) = cachedVerdict()
        switch verdict {
        case .works: return report(.kvm, "a test guest ran\(note)")
        case .broken(let why): return report(.tcg, "under kvm \(why)\(note)")
        case .unknown(let why): return report(.tcg, "kvm was not tried: \(why)")
        }
    }

    private func report(_ accelerator: Accelerator, _ why: String) -> Accelerator {
        report("accelerator: \(accelerator.rawValue) (\(why))")
        return accelerator
    }

    private func check(_ accelerator: Accelerator, _ architecture: Architecture) throws {
        guard accelerator != .tcg else { return }
        guard accelerator == .kvm else {
            throw RunError(
                "--accel: \(accelerator.rawValue) does not exist on Linux", hint: "omit --accel, or pass kvm or tcg")
        }
        guard architecture == .host else {
            throw RunError(
                "--accel: kvm cannot run \(architecture.linuxName) on \(Architecture.host.linuxName)",
                hint: "omit --accel")
        }
        guard access(device, R_OK | W_OK) == 0 else {
            let why = FileError.text().lowercased()
            throw RunError("--accel: kvm cannot be used: \(device): \(why)", hint: "omit --accel for emulation")
        }
    }

    // MARK: The cached result

    private func cachedVerdict() -> (Verdict, String) {
        guard let path = cachePath() else { return (probe(), "") }
        if let text = try? HostFiles.text(path) {
            let line = text.split(separator: "\n").first.map(String.init) ?? ""
            if line == Verdict.works.text { return (.works, ", earlier") }
            if !line.isEmpty { return (.broken(line), "; noted in \(path)") }
        }
        let verdict = probe()
        if case .unknown = verdict { return (verdict, "") }
        // Only a cache: if it cannot be written, the probe runs again.
        try? FolderTree.make(PartialFiles.folder(of: path))
        try? ExtentWriter.write(Array("\(verdict.text)\n".utf8), to: path)
        return (verdict, "")
    }

    /// One file for each kernel, boot and QEMU: the result depends on them.
    private func cachePath() -> String? {
        let caches =
            environment["MOBY_CACHE"]
            ?? environment["XDG_CACHE_HOME"].map { "\($0)/moby" } ?? environment["HOME"].map { "\($0)/.cache/moby" }
        guard let caches, let boot = try? HostFiles.text("/proc/sys/kernel/random/boot_id") else { return nil }
        var system = utsname()
        var program = stat()
        guard uname(&system) == 0, stat(qemu, &program) == 0 else { return nil }
        let release = withUnsafeBytes(of: &system.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        let facts = "\(release) \(boot) \(qemu) \(program.st_size) \(program.st_mtim.tv_sec) \(device)"
        return "\(caches)/accelerator/\(SHA256.hash(Array(facts.utf8)).hex.prefix(16))"
    }

    // MARK: The test guest

    /// Runs the test guest under KVM.
    func probe() -> Verdict {
        let payload: String
        do { payload = try writePayload() } catch { return .unknown("\(error)") }
        defer { unlink(payload) }
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { close(null) }
        let arguments = ProbePayload.arguments(accelerator: .kvm, image: payload)
        let child: ChildProcess
        do { child = try ChildProcess.start(qemu, arguments, handles: [0: null, 1: null, 2: null]) } catch {
            return .unknown("\(error)")
        }
        guard let status = child.wait(within: limit) else {
            child.send(SIGKILL)
            child.wait()
            return .broken("a test guest hung for \(limit.components.seconds) s")
        }
        return status == ProbePayload.success ? .works : .broken("QEMU ended with status \(status)")
    }

    private func writePayload() throws -> String {
        let folder = environment["TMPDIR"] ?? "/tmp"
        let path = "\(folder)/moby-probe-\(getpid())-\(UInt32.random(in: 0...UInt32.max)).img"
        try ExtentWriter.write(ProbePayload.bootSector, to: path, mode: 0o600)
        return path
    }
}

/// The smallest guest: a boot sector that ends QEMU at once.
enum ProbePayload {
    /// `isa-debug-exit` turns a byte v into the exit status 2·v + 1.
    static let success: Int32 = 0x10 << 1 | 1

    /// 512 bytes at 0000:7C00, in real mode. The firmware has been through protected mode before, which is the point:
    /// where KVM does not work, code at the reset vector often still runs.
    static let bootSector: [UInt8] = {
        let code: [UInt8] = [
            0xBA, 0xF4, 0x00,  // mov dx, 0xf4
            0xB0, 0x10,  //       mov al, 0x10
            0xEE,  //             out dx, al
            0xF4,  //             hlt
            0xEB, 0xFD,  //       jmp to the hlt
        ]
        return code + [UInt8](repeating: 0, count: 510 - code.count) + [0x55, 0xAA]
    }()

    static func arguments(accelerator: Accelerator, image: String) -> [String] {
        [
            "-nodefaults", "-no-user-config", "-display", "none", "-machine", "pc,accel=\(accelerator.rawValue)", "-m",
            "16M",
            "-device", "isa-debug-exit,iobase=0xf4,iosize=4", "-drive", "if=ide,format=raw,readonly=off,file=\(image)",
        ]
    }
}
