import BootLayout
import CInit
import Glibc
import GuestSystem
import TestSupport
import Testing

@testable import GuestInit

/// A guest without a machine: bundles in a folder, and a runc that runs the file `command` of the bundle as a process.
final class Guest {
    let folder: TemporaryFolder
    let loop: EventLoop
    let environment: ContainerEnvironment

    init(runc script: String = Guest.runc, launchLimit: Milliseconds = 60_000) throws {
        folder = try TemporaryFolder()
        loop = try EventLoop(scope: .watched)
        let path = try folder.write("runc", script, mode: 0o755)
        let console = open(folder.path + "/console", O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        var environment = ContainerEnvironment(
            runc: Runc(path: path, stateFolder: folder.path + "/runc-state"), loop: loop,
            console: GuestConsole(file: console) { 0 },
            logs: folder.path + "/logs", state: folder.path)
        environment.launchLimit = launchLimit
        self.environment = environment
        Self.becomeSubreaper()
    }

    /// Orphaned descendants must become children of this process, as they do of PID 1.
    private static func becomeSubreaper() { _ = cinit_become_subreaper() }

    static let runc = """
        #!/bin/sh
        # --root STATE run --detach --bundle BUNDLE --pid-file FILE NAME
        [ "$3" = run ] || exit 9
        if [ -e "$2/$9" ]; then echo "container exists" >&2; exit 1; fi
        mkdir -p "$2/$9"
        [ -e "$6/command" ] || { echo "no command" >&2; exit 4; }
        # The shell must not collect the child, which is for PID 1: it begins once this process has closed its files.
        mkfifo "$6/gate"
        sh -c 'read -r line < "$1"; rm "$1"; exec sh "$2"' gate "$6/gate" "$6/command" &
        echo $! > "$8"
        exec 9> "$6/gate"
        exec true

        """

    @discardableResult
    func bundle(_ kind: String, _ name: String, _ command: String?, _ change: (inout RuntimeRecord) -> Void = { _ in })
        throws -> Bundle
    {
        var record = RuntimeRecord()
        change(&record)
        let path = "\(kind)/\(name)"
        try folder.write(path + "/config.json", "{}")
        try folder.write(path + "/runtime.json", record.text)
        if let command { try folder.write(path + "/command", command) }
        return Bundle(path: folder.path + "/" + path)
    }

    func supervisor(parallel: Int = 2) throws -> Supervisor {
        try Supervisor(Bundle.all(in: folder.path + "/services"), environment: environment, parallel: parallel)
    }

    /// Sends a datagram to the socket at `path`.
    func send(_ text: String, to path: String) throws {
        let file = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(file) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        let bytes = Array(text.utf8)
        let sent = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(file, bytes, bytes.count, 0, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try SystemError.check(Int32(sent < 0 ? -errno : 0), "sending to", path)
    }

    /// Turns until the condition holds, ten seconds at most.
    func wait(_ condition: () -> Bool) -> Bool { loop.wait(until: loop.now + 10_000, condition) }

    var console: String {
        String(decoding: ((try? folder.read("console")) ?? []).filter { $0 != 0x0D }, as: UTF8.self).replacing(
            "[    0.00] moby: ", with: "")
    }
}
