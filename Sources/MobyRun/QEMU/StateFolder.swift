internal import Extents
internal import Glibc

/// Makes what a plan needs on disk, and starts its helpers.
enum StateFolder {
    /// - Returns: the helpers; stop them when the machine has ended.
    static func prepare(_ plan: QEMUPlan) throws -> [ChildProcess] {
        if let folder = plan.stateFolder { try makeFolder(folder) }
        if let folder = plan.stateFolder, let address = plan.macAddress {
            try write(Array("\(address)\n".utf8), to: "\(folder)/mac-addr")
        }
        for disk in plan.newDisks where !FileFacts.exists(disk.path) {
            try EmptyDisk.create(disk.path, disk.format, mebibytes: disk.size)
        }
        if let disc = plan.dataDisc { try ExtentWriter.write(DataDisc.image(config: disc.content), to: disc.path) }
        for copy in plan.copies where !FileFacts.exists(copy.to) {
            try write(FileFacts.head(of: copy.from, count: 64 << 20), to: copy.to)
        }
        return try startHelpers(plan.helpers, outlive: plan.background != nil)
    }

    /// mkdir -p.
    static func makeFolder(_ path: String) throws {
        var current = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            current += part
            if mkdir(current, 0o755) != 0, errno != EEXIST { throw FileError("make folder", current) }
            current += "/"
        }
        guard FileFacts.isFolder(path) else { throw RunError("'\(path)' is not a folder", hint: "pass --state FOLDER") }
    }

    /// Whole or not at all: into a file next to it, then by rename.
    static func write(_ bytes: [UInt8], to path: String, mode: mode_t = 0o644) throws {
        let partial = "\(path).\(getpid()).partial"
        let file = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard file >= 0 else { throw FileError("create", partial) }
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(file, $0.baseAddress.map { $0 + done }, bytes.count - done)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let error = FileError("write", partial)
                close(file)
                unlink(partial)
                throw error
            }
            done += count
        }
        close(file)
        guard rename(partial, path) == 0 else { throw FileError("rename", path) }
    }

    private static func startHelpers(_ helpers: [QEMUPlan.Helper], outlive: Bool) throws -> [ChildProcess] {
        var running: [ChildProcess] = []
        do {
            for helper in helpers {
                guard helper.socket.utf8.count < 108 else {
                    throw RunError(
                        "the path of the socket '\(helper.socket)' is longer than 107 bytes",
                        hint: "pass a shorter --state FOLDER")
                }
                unlink(helper.socket)
                let child = try ChildProcess.start(helper.executable, helper.arguments, outlives: outlive)
                running.append(child)
                try waitForSocket(helper, child)
            }
        } catch {
            running.forEach { $0.stop() }
            throw error
        }
        return running
    }

    private static func waitForSocket(_ helper: QEMUPlan.Helper, _ child: ChildProcess) throws {
        let limit = ContinuousClock.now + .seconds(5)
        while !FileFacts.exists(helper.socket) {
            if let status = child.poll() {
                throw RunError("\(helper.executable) ended with status \(status) before it opened its socket")
            }
            guard ContinuousClock.now < limit else {
                throw RunError("\(helper.executable) opened no socket within 5 s")
            }
            usleep(5000)
        }
    }
}

/// The guest's address on a network shared with others: made once, locally administered, kept in the state folder.
enum MACAddress {
    /// The address kept in `folder`, or a new one, which ``StateFolder`` keeps when the machine starts.
    static func kept(in folder: String) -> String {
        if let text = try? FileFacts.text(of: "\(folder)/mac-addr", limit: 32) {
            let line = text.split(separator: "\n").first.map(String.init) ?? ""
            if isValid(line) { return line }
        }
        return random()
    }

    static func random() -> String {
        var bytes = (0..<6).map { _ in UInt8.random(in: 0...255) }
        bytes[0] = (bytes[0] | 2) & 0xFE
        return bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
    }

    static func isValid(_ text: String) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 6 && parts.allSatisfy { $0.utf8.count == 2 && UInt8($0, radix: 16) != nil }
    }
}
