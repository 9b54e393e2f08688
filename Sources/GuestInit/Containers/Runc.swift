internal import BootLayout
internal import CInit
internal import GuestSystem

/// Calls of runc. Each one starts a Go program twice, so there are as few as possible.
final class Runc {
    /// Where runc keeps the state of containers.
    let stateFolder: String
    private let isDebugging: Bool
    private let path: String?
    private var copy: Int32 = -1

    /// - Parameter path: nil looks in the usual places.
    init(path: String? = nil, stateFolder: String = "/run/runc", isDebugging: Bool = false) {
        self.path = path ?? Self.locations.first { Files.isRegular($0) }
        self.stateFolder = stateFolder
        self.isDebugging = isDebugging
    }

    private static let locations = [
        "/usr/bin/runc", "/usr/sbin/runc", "/usr/local/bin/runc", "/usr/local/sbin/runc", "/bin/runc", "/sbin/runc",
    ]

    static let missing = "no runc in this image (looked for \(locations.joined(separator: ", "))); add one to 'init:'"

    /// It lives for less than a second, in which more threads only cost.
    static let environment = Process.environment + ["GOMAXPROCS=1"]

    func run(_ bundle: Bundle, pidFile: String) -> [String] {
        command("run", ["--detach", "--bundle", bundle.path, "--pid-file", pidFile, bundle.name])
    }

    func create(_ bundle: Bundle, pidFile: String) -> [String] {
        command("create", ["--bundle", bundle.path, "--pid-file", pidFile, bundle.name])
    }

    func start(_ bundle: Bundle) -> [String] { command("start", [bundle.name]) }

    func delete(_ bundle: Bundle) -> [String] { command("delete", ["--force", bundle.name]) }

    /// Runs a program in a container that runs; its process becomes a child of PID 1.
    func exec(_ request: AgentRequest.Command, in bundle: Bundle, pidFile: String) -> [String] {
        var options = ["--detach", "--pid-file", pidFile]
        for entry in request.environment { options += ["--env", entry] }
        if let folder = request.folder { options += ["--cwd", folder] }
        if let user = request.user { options += ["--user", user] }
        return command("exec", options + [bundle.name] + request.words)
    }

    private func command(_ verb: String, _ arguments: [String]) -> [String] {
        ["runc"] + (isDebugging ? ["--debug"] : []) + ["--root", stateFolder, verb] + arguments
    }

    /// What a line of runc's log says: `time="…" level=error msg="…"`.
    static func message(_ line: String) -> String {
        guard let start = line.bounds(of: " msg=\""), line.hasSuffix("\"") else { return line }
        return String(line[start.upperBound...].dropLast()).exchanging("\\\"", for: "\"")
    }

    /// The file to execute; nil when there is no runc.
    ///
    /// runc copies itself into memory at every start to guard against containers that overwrite it. A sealed copy saves
    /// that work, and its pages are shared by all starts.
    func executable() -> String? {
        guard let path else { return nil }
        // A script cannot be executed from a file that its interpreter cannot open.
        guard (try? Files.read(path, limit: 4)) == [0x7F, 0x45, 0x4C, 0x46] else { return path }
        if copy < 0 { copy = cinit_sealed_copy(path, "runc") }
        return copy < 0 ? path : "/proc/self/fd/\(copy)"
    }
}
