internal import BootLayout
internal import Glibc
internal import GuestSystem

/// Programs that the host starts.
extension AgentSession {
    func run(_ request: AgentRequest.Command) {
        if let name = request.service {
            guard let (service, _) = process(of: name) else { return }
            return run(request, in: service)
        }
        guard let path = program(request.words[0]) else { return fail("'\(request.words[0])' is not in the root", 127) }
        do {
            let command = try begin()
            let pid: pid_t
            do {
                pid = try Process.start(
                    request.words, path: path, environment: Process.environment + request.environment,
                    output: command.outputs.0, errors: command.outputs.1)
            } catch {
                return command.fail("\(error)", error.number == ENOENT ? 127 : 126)
            }
            command.run(pid)
            if let limit = request.limit { command.kill(after: Milliseconds(limit)) }
        } catch {
            fail("\(error)", 125)
        }
    }

    private func program(_ word: String) -> String? {
        if word.contains("/") { return word }
        let folders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
        return folders.map { $0 + "/" + word }.first { access($0, X_OK) == 0 && !Files.isDirectory($0) }
    }

    private func run(_ request: AgentRequest.Command, in service: Service) {
        guard let runc = environment.runc.executable() else { return fail(Runc.missing, 125) }
        commands += 1
        let pidFile = "\(environment.state)/agent-\(file)-\(commands).pid"
        let words = environment.runc.exec(request, in: service.bundle, pidFile: pidFile)
        do {
            let command = try begin()
            let pid: pid_t
            do {
                pid = try Process.start(
                    words, path: runc, environment: Runc.environment, output: command.outputs.0,
                    errors: command.outputs.1)
            } catch {
                return command.fail("\(error)", 125)
            }
            command.launch(pid, within: environment.launchLimit) { [self] status in
                let pid = Files.text(pidFile).flatMap { pid_t($0) }
                unlink(pidFile)
                if command.isOver {
                    if let pid, pid > 0 { kill(-pid, SIGKILL) }
                    return
                }
                guard status.isSuccess, let pid, pid > 0 else {
                    return explain(command, status, request.words[0], service)
                }
                command.forwardComplaints()
                command.run(pid)
                if let limit = request.limit { command.kill(after: Milliseconds(limit)) }
            }
        } catch {
            fail("\(error)", 125)
        }
    }

    /// runc did not start the program.
    private func explain(_ command: AgentCommand, _ status: ProcessStatus, _ program: String, _ service: Service) {
        let lines = PlainLines.lines(command.complaints, limit: 5)
        let root = service.bundle.program?.root ?? ProgramRoot(folder: service.bundle.path + "/rootfs")
        if let error = ProgramError(in: lines, program: program, root: root) {
            return command.fail(error.text, error.isAbsence ? 127 : 126)
        }
        command.fail(lines.last.map(Runc.message) ?? "runc exec: \(status.text)", 125)
    }
}
