internal import BootLayout
internal import Glibc
internal import GuestSystem

extension InitProcess {
    /// Scripts of LinuxKit's images whose work PID 1 does itself.
    private static let replaced: Set<String> = [
        "000-issue", "005-volumes", "010-onboot", "010-onshutdown", "020-containerd",
    ]

    /// Runs the files of a folder in turn, as images for LinuxKit's init expect. They may use the console.
    /// - Parameters:
    ///   - limit: seconds that each may take before it is killed.
    ///   - isCancelled: ends the run early.
    func runScripts(
        in folder: String, limit: Int, _ environment: ContainerEnvironment, isCancelled: () -> Bool
    ) {
        var names: [String] = []
        attempt { () throws(SystemError) in names = try Files.list(folder) }
        for name in names where Files.isRegular(folder + "/" + name) {
            if isCancelled() { return }
            if Self.replaced.contains(name) {
                debug("skipping \(folder)/\(name): this init does its work")
                continue
            }
            run(folder + "/" + name, limit: Milliseconds(limit) * 1000, environment, isCancelled)
        }
    }

    private func run(
        _ path: String, limit: Milliseconds, _ environment: ContainerEnvironment, _ isCancelled: () -> Bool
    ) {
        let loop = environment.loop
        do {
            let pid = try Process.start([path], input: STDIN_FILENO, output: STDOUT_FILENO, errors: STDERR_FILENO)
            var outcome: ProcessStatus?
            loop.watch(child: pid) { outcome = $0 }
            let notice = WaitNotice(path, limit: limit, environment: environment)
            let isInTime = loop.wait(until: loop.now + limit) { outcome != nil || isCancelled() }
            notice.end()
            guard let outcome else {
                // It leads a session.
                kill(-pid, SIGKILL)
                loop.wait(until: loop.now + 1000) { outcome != nil }
                return console.report(
                    "\(path) killed: \(isInTime ? "interrupted" : "timed out after \(limit / 1000) s")")
            }
            if !outcome.isSuccess { console.report("\(path): \(outcome.text)") }
        } catch {
            console.report("\(error)")
        }
    }
}

/// Mounts the volumes that containers share.
struct Volumes {
    let environment: ContainerEnvironment

    func mountAll() {
        var names: [String] = []
        do { names = try Files.list(BootLayout.volumes) } catch { environment.console.report("\(error)") }
        for name in names {
            let folder = BootLayout.volumes + "/" + name
            let bundle = Bundle(path: folder)
            var record = RuntimeRecord()
            record.mounts = Self.mounts(of: folder, isWritable: Files.isDirectory(folder + "/tmp"))
            do { try environment.preparation(bundle).perform(record) } catch {
                environment.console.report("volume \(name): \(error)")
            }
        }
    }

    /// A writable volume keeps its changes in memory; a read-only one is bound where it is used.
    static func mounts(of folder: String, isWritable: Bool) -> [RuntimeRecord.Mount] {
        let (lower, merged) = (folder + "/lower", folder + "/merged")
        guard isWritable else { return [.init(destination: merged, source: lower, options: ["bind", "ro"])] }
        let tmp = folder + "/tmp"
        return [
            .init(destination: tmp, type: "tmpfs", source: "tmpfs"),
            .init(
                destination: merged, type: "overlay", source: "overlay",
                options: ["relatime", "lowerdir=" + lower, "upperdir=\(tmp)/upper", "workdir=\(tmp)/work"]),
        ]
    }
}
