internal import Dispatch
internal import Extents
internal import FoundationEssentials
internal import GCP
internal import Glibc
internal import HTTP

/// The way to a machine's serial port: Google's gateway, by the system's `ssh`, with a key made for the run
/// ("Connecting to serial consoles").
final class SerialGateway: Sendable {
    static let user = "moby"
    /// Key and known hosts; removed with this value.
    private let folder: String

    init() {
        folder =
            FileManager.default.temporaryDirectory.path
            + "/moby-gcp-\(getpid())-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// Makes the key and learns the gateway's.
    /// - Returns: the public key's line.
    func prepare(_ client: GoogleClient, _ plan: GCPPlan) async throws -> String {
        guard mkdir(folder, 0o700) == 0 else { throw FileError("create", folder) }
        let made = try ChildProcess.start(
            "ssh-keygen", ["-q", "-t", "rsa", "-b", "3072", "-N", "", "-C", Self.user, "-f", "\(folder)/key"])
        guard made.wait() == 0 else { throw RunError("ssh-keygen made no key", hint: "apt-get install openssh-client") }
        let region = GCPNames.region(of: plan.zone)
        let page = try await client.fetch(
            "\(client.endpoints.serialPortKeys)/\(region)/\(region).pub", "fetch the host keys of the serial gateway")
        let (host, port) = Self.address(plan.zone, client.endpoints.serialPort)
        let lines = String(decoding: page, as: UTF8.self).split(whereSeparator: \.isNewline).map {
            "[\(host)]:\(port) \($0)\n"
        }
        guard !lines.isEmpty else { throw RunError("the serial gateway has no host keys published") }
        try ExtentWriter.write(ExtentList(bytes: Array(lines.joined().utf8)), to: "\(folder)/known_hosts")
        let text = try HostFiles.text("\(folder)/key.pub")
        return text.trimmingWhitespace()
    }

    /// Shows the console on this terminal. The machine takes the key some seconds after its start; until then it is
    /// tried again.
    func connect(_ plan: GCPPlan, _ instance: String, _ host: GCPHost) async throws {
        let words = Self.command(plan.project, plan.zone, instance, folder, gateway: plan.gateway)
        let clock = ContinuousClock()
        let begin = clock.now
        while true {
            let start = clock.now
            let status = try await run(words)
            // ssh says 255 of its own troubles; a session that lasted was ended by the user.
            if status == 0 || clock.now - start > .seconds(5) { return }
            guard clock.now - begin < .seconds(150) else {
                throw RunError(
                    "the serial console cannot be reached (ssh: \(status))",
                    hint: "look at the output instead: --console output")
            }
            try await host.sleep(.milliseconds(500))
        }
    }

    private func run(_ words: [String]) async throws -> Int32 {
        try Task.checkCancellation()
        let terminal = Terminal.save()
        defer { terminal?.restore() }
        let child = try ChildProcess.start(words[0], Array(words.dropFirst()))
        let status = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                DispatchQueue.global().async { continuation.resume(returning: child.wait()) }
            }
        } onCancel: {
            child.send(SIGTERM)
        }
        try Task.checkCancellation()
        return status
    }

    /// - Parameter folder: of key and known hosts; nil for a text to print.
    static func command(
        _ project: String, _ zone: String, _ instance: String, _ folder: String?, gateway: String? = nil
    ) -> [String] {
        let (host, port) = address(zone, gateway)
        let place = folder ?? "DIR"
        return [
            "ssh", "-q", "-t", "-p", port, "-i", "\(place)/key", "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
            "-o",
            "StrictHostKeyChecking=yes", "-o", "UserKnownHostsFile=\(place)/known_hosts", "-o", "ControlPath=none",
            "-o",
            "ServerAliveInterval=30", "\(project).\(zone).\(instance).\(user)@\(host)",
        ]
    }

    private static func address(_ zone: String, _ gateway: String?) -> (host: String, port: String) {
        let text = gateway ?? "\(GCPNames.region(of: zone))-ssh-serialport.googleapis.com:9600"
        let parts = text.split(separator: ":").map(String.init)
        return (parts.first ?? "", parts.count > 1 ? parts[1] : "9600")
    }
}
