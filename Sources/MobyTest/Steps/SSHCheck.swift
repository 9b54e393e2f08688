internal import Extents
internal import Glibc
internal import MobyRun
internal import MobySpec

/// What steps need of this host.
struct StepHost: Sendable {
    var environment: [String: String]
    /// A folder for files of the test.
    var folder: String
    /// The folder of the test file, for names in it.
    var base: String
    /// Whether logs of the guest are artifacts.
    var isKeepingLogs = false

    /// The path that a name in the test file means.
    func path(_ name: String) -> String {
        if name.hasPrefix("~/"), let home = environment["HOME"] { return home + name.dropFirst(1) }
        return name.hasPrefix("/") ? name : "\(base)/\(name)"
    }

    /// Finds what would fail later, before anything is built.
    /// - Throws: `SpecError` for a key that does not exist, `RunError` for a program that is not installed.
    func check(_ steps: [TestStep]) throws {
        var problems: [Diagnostic] = []
        for step in steps {
            guard case .ssh(let ssh) = step.expectation else { continue }
            guard HostFiles.program("ssh", path: environment["PATH"] ?? "") != nil else {
                throw RunError(
                    "could not find 'ssh', which the test needs", hint: "Debian: apt-get install openssh-client")
            }
            guard let key = ssh.key, try !HostFiles.exists(path(key.value)) else { continue }
            problems.append(
                Diagnostic(
                    at: key.location, "file '\(PlainText.short(path(key.value)))' does not exist",
                    hint: "create a key: ssh-keygen -t ed25519 -N '' -f \(PlainText.short(key.value))"))
        }
        if !problems.isEmpty { throw SpecError(problems) }
    }
}

/// Runs a command over ssh(1).
struct SSHCheck {
    let ssh: SSHExpectation
    let session: MachineSession
    let host: StepHost
    /// Of the command, which may take longer than an attempt to connect.
    let limit: Duration

    /// The exit status of ssh itself when it got no connection, or could not log in.
    private static let noSession: Int32 = 255

    func attempt(within _: Duration) throws -> Attempt {
        guard let port = session.ports[ssh.port],
            let program = HostFiles.program("ssh", path: host.environment["PATH"] ?? "")
        else { throw StepFailure("could not find 'ssh'") }
        let path = "\(host.folder)/ssh-output"
        let output = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer { [output, null].forEach { close($0) } }
        guard output >= 0, null >= 0 else { throw FileError("create", path) }
        let child = try ChildProcess.start(program, arguments(port), handles: [0: null, 1: output, 2: output])
        guard let status = child.wait(within: limit) else {
            child.send(SIGKILL)
            child.wait()
            return .pending("no answer within \(StepWait.text(limit))")
        }
        let text = String(decoding: try HostFiles.head(of: path, count: 1 << 20), as: UTF8.self)
        return try judge(CommandEnd(status: status, text: text))
    }

    private func arguments(_ port: PublishedPort) -> [String] {
        var words = ["-F", "none", "-p", "\(port.host)", "-o", "BatchMode=yes", "-o", "LogLevel=ERROR"]
        words += ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "ConnectTimeout=10"]
        if let key = ssh.key { words += ["-o", "IdentitiesOnly=yes", "-i", host.path(key.value)] }
        return words + ["-l", ssh.user, "--", port.address, ssh.command]
    }

    /// - Throws: `StepFailure` for a command that ran: it is not repeated.
    private func judge(_ end: CommandEnd) throws -> Attempt {
        if end.status == Self.noSession {
            guard end.text.contains("Permission denied") else { return .pending(end.lastLine) }
            return .wrong(StepFailure("cannot log in as '\(PlainText.short(ssh.user))'", found: end.lastLine))
        }
        if let failure = try end.failure(exit: ssh.exit, output: ssh.output) { throw failure }
        return .passed(end.lastLine)
    }
}
