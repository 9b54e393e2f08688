internal import Cloud
internal import Dispatch
internal import Extents
internal import Glibc
internal import HTTP

/// A machine's serial port through Google's gateway, by the system's `ssh`, with a key created for the run
/// ("Connecting to serial consoles").
final class SerialGateway: Sendable {
    static let user = "moby"
    /// Replaces in a plan the public key, which is created when it is needed.
    static let keyPlaceholder = "(public key created for this run)"
    /// Replaces in a plan the folder of the key.
    private static let folderPlaceholder = "DIR"
    /// Key and known hosts; removed with this value.
    private let folder: String

    init() {
        folder = "\(HostFiles.temporaryFolder)/moby-gcp-\(WorkFolder.newName())"
    }

    deinit { try? FolderTree.remove(folder) }

    /// Creates the key, and trusts the gateway's.
    /// - Parameters:
    ///   - page: the published host keys of the gateway, one a line.
    ///   - address: host and port of a gateway that is not Google's.
    /// - Returns: the line of the public key.
    func prepare(_ page: [UInt8], zone: String, address: String?) async throws -> String {
        guard mkdir(folder, 0o700) == 0 else { throw FileError("create", folder) }
        let keygen = try ChildProcess.start(
            "ssh-keygen", ["-q", "-t", "rsa", "-b", "3072", "-N", "", "-C", Self.user, "-f", "\(folder)/key"])
        guard keygen.wait() == 0 else {
            throw RunError("ssh-keygen created no key", hint: "install it with: apt-get install openssh-client")
        }
        let (host, port) = Self.address(zone, address)
        let lines = String(decoding: page, as: UTF8.self).split(whereSeparator: \.isNewline).map {
            "[\(host)]:\(port) \($0)\n"
        }
        guard !lines.isEmpty else { throw RunError("the serial gateway has published no host keys") }
        try ExtentWriter.write(ExtentList(bytes: Array(lines.joined().utf8)), to: "\(folder)/known_hosts")
        return try HostFiles.text("\(folder)/key.pub").trimmingWhitespace()
    }

    /// Shows the console on this terminal. The machine accepts the key some seconds after its start; until then ssh is
    /// started again.
    /// - Parameter command: of ``command(_:_:_:gateway:)``.
    func connect(_ command: [String], _ host: CloudHost) async throws {
        let words = command.map { $0.replacing(Self.folderPlaceholder, with: folder) }
        let clock = ContinuousClock()
        let begin = clock.now
        while true {
            let start = clock.now
            let status = try await run(words)
            // 255 is ssh's own failure; a session that lasted was ended by the user.
            if status == 0 || clock.now - start > .seconds(5) { return }
            guard clock.now - begin < .seconds(150) else {
                throw RunError(
                    "the serial console cannot be reached (ssh: \(status))",
                    hint: "show its output only: --console output")
            }
            try await host.sleep(.milliseconds(500))
        }
    }

    private func run(_ words: [String]) async throws -> Int32 {
        try Task.checkCancellation()
        let terminal = TerminalSettings.save()
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

    /// - Parameter gateway: host and port of a gateway that is not Google's.
    static func command(_ project: String, _ zone: String, _ instance: String, gateway: String?) -> [String] {
        let (host, port) = address(zone, gateway)
        return [
            "ssh", "-q", "-t", "-p", port, "-i", "\(folderPlaceholder)/key", "-o", "IdentitiesOnly=yes", "-o",
            "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o",
            "UserKnownHostsFile=\(folderPlaceholder)/known_hosts", "-o", "ControlPath=none", "-o",
            "ServerAliveInterval=30", "\(project).\(zone).\(instance).\(user)@\(host)",
        ]
    }

    private static func address(_ zone: String, _ gateway: String?) -> (host: String, port: String) {
        let text = gateway ?? "\(GCPNames.region(of: zone))-ssh-serialport.googleapis.com:9600"
        let parts = text.split(separator: ":").map(String.init)
        return (parts.first ?? "", parts.count > 1 ? parts[1] : "9600")
    }
}
