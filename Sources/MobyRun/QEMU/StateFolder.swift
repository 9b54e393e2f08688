internal import Extents
internal import Glibc

/// Creates the files that a plan needs, and starts its helpers.
enum StateFolder {
    /// - Returns: the helpers; stop them when the machine has ended.
    static func prepare(_ plan: QEMUPlan) throws -> [ChildProcess] {
        if let folder = plan.stateFolder { try makeFolder(folder) }
        if let folder = plan.stateFolder, let address = plan.macAddress {
            try ExtentWriter.write(Array("\(address)\n".utf8), to: "\(folder)/mac-addr")
        }
        for disk in plan.newDisks where try !HostFiles.exists(disk.path) {
            try EmptyDisk.create(disk.path, disk.format, mebibytes: disk.size)
        }
        if let iso = plan.dataISO { try ExtentWriter.write(DataISO.image(config: iso.content), to: iso.path) }
        for copy in plan.copies where try !HostFiles.exists(copy.to) {
            try ExtentWriter.write(HostFiles.read(copy.from, limit: 64 << 20), to: copy.to)
        }
        return try startHelpers(plan.helpers, outlive: plan.background != nil)
    }

    static func makeFolder(_ path: String) throws {
        do { try FolderTree.make(path) } catch let error as FileError where error.code == ENOTDIR {
            throw RunError("'\(PlainText.short(path))' is not a folder", hint: "pass --state FOLDER")
        }
    }

    private static func startHelpers(_ helpers: [QEMUPlan.Helper], outlive: Bool) throws -> [ChildProcess] {
        var running: [ChildProcess] = []
        do {
            for helper in helpers {
                guard helper.socket.utf8.count < 108 else {
                    let name = helper.executable.split(separator: "/").last ?? "helper"
                    throw RunError(
                        "the state folder's path is too long for the socket of \(name): "
                            + "'\(PlainText.short(helper.socket))' has \(helper.socket.utf8.count) bytes, the limit is 107",
                        hint: "pass a shorter path: --state FOLDER")
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
        while try !HostFiles.exists(helper.socket) {
            if let status = child.poll() {
                throw RunError("\(helper.executable) ended with status \(status) before opening its socket")
            }
            guard ContinuousClock.now < limit else {
                throw RunError("\(helper.executable) opened no socket within 5 s")
            }
            usleep(5000)
        }
    }
}

/// The guest's address on a network shared with others: random, locally administered, kept in the state folder.
enum MACAddress {
    /// The address kept in `folder`, or a new one, which ``StateFolder`` keeps when the machine starts.
    /// - Throws: `FileError` for an address that cannot be read: another one would replace it.
    static func kept(in folder: String) throws -> String {
        let bytes = try HostFiles.readIfPresent("\(folder)/mac-addr", limit: 4096) ?? []
        let line = String(decoding: bytes.prefix { $0 != 0x0A }, as: UTF8.self)
        return isValid(line) ? line : random()
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
