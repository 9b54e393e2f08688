internal import ArgumentParser
internal import Extents
internal import Glibc
internal import OCI

struct CacheClean: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clean", abstract: "Remove the whole store.",
        discussion: """
            Only what moby wrote is removed, and the folder when it is empty then. Asks on a terminal; without one it wants --force.
            """)

    @OptionGroup var global: StoreOptions
    @Flag(help: "Do not ask, and do not mind that another process uses the store.") var force = false
    @Flag(help: "Say what would be removed, and remove nothing.") var dryRun = false

    func run() throws {
        let path = global.storePath
        guard access(path, F_OK) == 0 else { return }
        // A folder that is something else is refused by a writer.
        let contents = try ContentStore(path: path).contents()
        let what = "\(contents.images) images, \(contents.files) files, \(Terminal.size(contents.bytes))"
        if dryRun {
            print("would remove \(what) in \(PlainText.short(path))")
            return report(contents.others)
        }
        guard try force || isConfirmed(path, what) else {
            Terminal.error("nothing was removed")
            throw ExitCode.failure
        }
        let (removed, isFolderGone) = try ContentStore.removeAll(path: path, force: force)
        if global.level > 0 {
            print("removed \(PlainText.short(path))\(isFolderGone ? "" : ": \(what); the folder stays")")
        }
        report(removed.others)
    }

    private func report(_ others: [String]) {
        guard global.level > 0, !others.isEmpty else { return }
        let shown = others.prefix(10).map { PlainText.short($0) }.joined(separator: ", ")
        Terminal.error(
            "note: not moby's, so it stays: \(shown)\(others.count > 10 ? " and \(others.count - 10) more" : "")")
    }

    private func isConfirmed(_ path: String, _ what: String) throws -> Bool {
        guard isatty(STDIN_FILENO) == 1, isatty(STDERR_FILENO) == 1 else {
            throw ValidationError(
                "there is no terminal to ask on; 'moby cache clean --force' removes \(what) in '\(PlainText.short(path))'"
            )
        }
        Terminal.write("Remove the image store '\(PlainText.short(path))': \(what)? [y/N] ", to: STDERR_FILENO)
        let answer = readLine().map { $0.lowercased() }
        return answer == "y" || answer == "yes"
    }
}
