internal import BootLayout
internal import CInit
internal import Glibc
internal import GuestSystem

/// Logs and files that the host reads.
extension AgentSession {
    func sendLogs(_ name: String, _ lines: Int?, _ isFollowing: Bool) {
        let service = supervisor[name]
        guard let prefix = service.map({ environment.logs + "/" + $0.name }) ?? onbootLog(name) else {
            let names = supervisor.services.map { $0.name }.joined(separator: ", ")
            return fail("no service '\(name)'" + (names.isEmpty ? "" : "; services: \(names)"), 125)
        }
        for (kind, path) in [(Reply.Kind.output, prefix + ".out.log"), (.errors, prefix + ".log")] {
            do {
                var text = try LogFile(path).tail(limit: 1 << 20)
                if let lines { text = Self.last(lines, of: text) }
                if !text.isEmpty { port.send(Reply.chunk(kind, text)) }
            } catch {
                return fail("\(error)", 125)
            }
        }
        guard isFollowing, let service else { return port.send(Reply.exit(0)) }
        follow(service)
    }

    /// The log of an onboot container by its full name, or without the number before it.
    private func onbootLog(_ name: String) -> String? {
        let folder = "/run/log/onboot"
        let suffixes = [".out.log", ".log"]
        let stems = Files.names(in: folder).compactMap { file in
            suffixes.first { file.hasSuffix($0) }.map { String(file.dropLast($0.utf8.count)) }
        }
        let found = stems.first { $0 == name || $0.drop { $0.isNumber } == "-" + name }
        return found.map { folder + "/" + $0 }
    }

    static func last(_ count: Int, of text: [UInt8]) -> [UInt8] {
        var left = count
        // The end of the last line does not begin another one.
        for index in text.indices.dropLast().reversed() where text[index] == 0x0A {
            left -= 1
            if left <= 0 { return count == 0 ? [] : Array(text[(index + 1)...]) }
        }
        return count == 0 ? [] : text
    }

    private func follow(_ service: Service) {
        let key = service.follow { [self] bytes in
            guard !port.isFull else { return skipped += bytes.count }
            if skipped > 0 { port.send(Reply.chunk(.problem, "\(skipped) bytes of the log were skipped".utf8)) }
            skipped = 0
            port.send(Reply.output(bytes))
        }
        following = (service, key)
        showFollowing(key)
    }

    private func showFollowing(_ key: Int) {
        loop.after(Agent.heartbeat) { [self] in
            guard following?.key == key else { return }
            if port.isIdle { port.send(Reply.chunk(.alive, [])) }
            showFollowing(key)
        }
    }

    /// In a process of its own: a file may be on a server that does not answer.
    func sendFile(_ path: String, _ name: String?, _ limit: Int) {
        var root = "/"
        if let name {
            guard let (_, pid) = process(of: name) else { return }
            root = "/proc/\(pid)/root"
        }
        do {
            let command = try begin()
            let pid = cinit_copy_file(root, path, Int64(limit), command.outputs.0)
            guard pid > 0 else { return command.fail("\(SystemError("reading", path, number: -pid))", 125) }
            command.run(pid) { [self] status in
                guard case .exited(let number) = status, number != 0 else { return AgentCommand.status(status) }
                port.send(Reply.chunk(.problem, "\(SystemError("reading", path, number: number))".utf8))
                return 1
            }
        } catch {
            fail("\(error)", 125)
        }
    }
}
