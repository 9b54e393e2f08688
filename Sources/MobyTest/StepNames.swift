internal import Extents
public import MobySpec

extension Expectation {
    /// The key of the step.
    var kind: String {
        switch self {
        case .up: "up"
        case .service: "service"
        case .web(_, let isSecure): isSecure ? "https" : "http"
        case .tcp: "tcp"
        case .ssh: "ssh"
        case .console: "console"
        case .notConsole: "not-console"
        case .exec: "exec"
        case .file: "file"
        case .disk: "disk"
        case .metric: "metric"
        case .reboot: "reboot"
        case .poweroff: "poweroff"
        }
    }

    /// What reports call a step without a name.
    var title: String {
        switch self {
        case .up: "up"
        case .service(let service): "service \(service.name) \(service.state.rawValue)"
        case .web(let web, let isSecure):
            "\(isSecure ? "https" : "http") :\(web.port)\(PlainText.short(web.path))"
                + (web.status.map { " \($0)" } ?? "")
        case .tcp(let port): "tcp :\(port)"
        case .ssh(let ssh): "ssh \(ssh.user)@:\(ssh.port) \(Self.quoted(ssh.command))"
        case .console(let pattern): "console \(Self.quoted(pattern))"
        case .notConsole(let pattern): "not-console \(Self.quoted(pattern))"
        case .exec(let exec):
            "exec " + (exec.container.map { "\($0) " } ?? "") + Self.quoted(exec.command.joined(separator: " "))
        case .file(let file):
            "file " + (file.container.map { "\($0) " } ?? "") + PlainText.short(file.path)
                + (file.isAbsent ? " absent" : "")
        case .disk(let disk): "disk \(PlainText.short(disk.mount))"
        case .metric: "metric"
        case .reboot(let times): times == .again ? "reboot again" : "reboot"
        case .poweroff(let how): "poweroff \(how.rawValue)"
        }
    }

    private static func quoted(_ text: String) -> String { "'\(PlainText.short(text, limit: 60))'" }

    /// The TCP port of the guest that it needs.
    var port: UInt16? {
        switch self {
        case .web(let web, _): web.port
        case .tcp(let port): port
        case .ssh(let ssh): ssh.port
        default: nil
        }
    }

    /// How long it is waited for when the step does not say.
    var defaultLimit: Duration {
        switch self {
        case .up, .reboot: .seconds(300)
        case .poweroff: .seconds(120)
        default: .seconds(60)
        }
    }
}

extension TestStep {
    public var title: String { name.map { PlainText.short($0) } ?? expectation.title }
    var limit: Duration { timeout ?? expectation.defaultLimit }
}
