internal import BootLayout
internal import CInit
internal import Glibc
internal import GuestSystem

/// What makes a machine the same one after a restart: its identifier (machine-id(5)), a seed of random numbers, its
/// logs. They are in ``BootLayout/state``, which is in memory unless the data disk is mounted there.
struct KeptState {
    var state = BootLayout.state
    /// The folder that holds `etc`, `run`, `var`, `dev` and `sys`.
    var root = ""
    /// For tests.
    var bind: (_ source: String, _ target: String) throws(SystemError) -> Void = { source, target throws(SystemError) in
        try MountCall(source: source, target: target, type: "", flags: .bind).perform()
    }

    /// Whether the state is on a disk.
    var isOnDisk: Bool {
        var (own, other) = (stat(), stat())
        guard stat(state, &own) == 0, let parent = Files.parent(of: state), stat(parent, &other) == 0 else {
            return false
        }
        return own.st_dev != other.st_dev
    }

    /// After the onboot containers, which mount disks, and before the services.
    func begin(_ attempt: (() throws(SystemError) -> Void) -> Void) {
        attempt { () throws(SystemError) in try Files.makeDirectories(state, mode: 0o700) }
        attempt(identify)
        guard isOnDisk else { return }
        attempt(sow)
        attempt(saveSeed)
        attempt(keepLogs)
    }

    /// `/etc/machine-id` is a link to the file in `/run`; an image may have its own instead.
    private func identify() throws(SystemError) {
        let kept = state + "/machine-id"
        var identifier = Files.trimmed(try Files.read(kept, limit: 4096) ?? [])
        if !Self.isIdentifier(identifier) {
            let hardware = Self.identifier(ofHardware: Files.text(root + "/sys/class/dmi/id/product_uuid"))
            if let hardware { identifier = hardware } else { identifier = Self.hex(try Self.random(16), version: 4) }
            try replace(kept, with: Array((identifier + "\n").utf8), mode: 0o444)
        }
        try replace(root + "/run/machine-id", with: Array((identifier + "\n").utf8), mode: 0o444)
    }

    static func isIdentifier(_ text: String) -> Bool {
        text.utf8.count == 32 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
            && text.utf8.contains { $0 != 0x30 }
    }

    /// What the hypervisor calls the machine; nil for hardware that has no name of its own.
    static func identifier(ofHardware text: String?) -> String? {
        guard let text else { return nil }
        let digits = text.lowercased().filter { $0 != "-" }
        guard isIdentifier(digits), digits.contains(where: { $0 != "f" }) else { return nil }
        return digits
    }

    static func hex(_ bytes: [UInt8], version: UInt8) -> String {
        var bytes = bytes
        bytes[6] = bytes[6] & 0x0F | version << 4
        bytes[8] = bytes[8] & 0x3F | 0x80
        return bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static let seedSize = 512

    private static func random(_ count: Int) throws(SystemError) -> [UInt8] {
        let path = "/dev/urandom"
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw SystemError("opening", path) }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: count)
        // As few bytes as these come in one piece (random(4)).
        guard read(file, &bytes, count) == count else { throw SystemError("reading", path) }
        return bytes
    }

    /// Mixes the seed of the last run into the kernel's generator, without a claim that it is secret.
    private func sow() throws(SystemError) {
        guard let seed = try Files.read(state + "/random-seed", limit: 4096), !seed.isEmpty else { return }
        let file = open(root + "/dev/urandom", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { throw SystemError("opening", "/dev/urandom") }
        defer { close(file) }
        try Files.write(seed, to: file, "/dev/urandom")
    }

    /// A seed is used once: the next one replaces it at the start and at the end of each run.
    func saveSeed() throws(SystemError) {
        try replace(state + "/random-seed", with: try Self.random(Self.seedSize), mode: 0o600)
    }

    private func keepLogs() throws(SystemError) {
        let logs = state + "/log"
        try Files.makeDirectories(logs)
        try Files.makeDirectories(root + "/var/log")
        try bind(logs, root + "/var/log")
    }

    /// Whole or not at all, also when the power fails.
    private func replace(_ path: String, with bytes: [UInt8], mode: mode_t) throws(SystemError) {
        let partial = path + ".partial"
        unlink(partial)
        let file = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard file >= 0 else { throw SystemError("creating", partial) }
        defer { close(file) }
        try Files.write(bytes, to: file, partial)
        guard fsync(file) == 0 else { throw SystemError("writing", partial) }
        guard rename(partial, path) == 0 else { throw SystemError("replacing", path) }
    }
}
