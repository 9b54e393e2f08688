internal import Extents
internal import FoundationEssentials
internal import Glibc

/// The machines that run on this host for this user: a folder for each, with its description and its sockets.
///
/// The folder is `$XDG_RUNTIME_DIR/moby`, else `/run/user/UID/moby`, else `/tmp/moby-UID`: only the user may enter it,
/// and the paths of its sockets are short enough for one.
public struct MachineRegistry: Sendable, Equatable {
    public let folder: String

    public init(environment: [String: String]) {
        let user = getuid()
        let runtime = "/run/user/\(user)"
        if let base = environment["XDG_RUNTIME_DIR"], base.hasPrefix("/") {
            folder = base + "/moby"
        } else if access(runtime, R_OK | W_OK | X_OK) == 0 {
            folder = runtime + "/moby"
        } else {
            folder = "/tmp/moby-\(user)"
        }
    }

    private static let file = "machine.json"

    /// The machines that run, by name. Folders of machines that have ended are removed.
    /// - Throws: `FileError`, ``RunError``.
    public func machines() throws -> [MachineEntry] { try entries().running }

    private func entries() throws -> (running: [MachineEntry], ended: [MachineEntry]) {
        guard try HostFiles.exists(folder) else { return ([], []) }
        try checkOwner()
        var (machines, ended): ([MachineEntry], [MachineEntry]) = ([], [])
        for name in try FolderTree.names(in: folder) where try HostFiles.isFolder(path(name)) {
            guard let bytes = try HostFiles.readIfPresent("\(path(name))/\(Self.file)", limit: 1 << 20) else {
                continue
            }
            guard var machine = try? JSONDecoder().decode(MachineEntry.self, from: Data(bytes)) else {
                throw RunError(
                    "'\(PlainText.short("\(path(name))/\(Self.file)"))' is not a description of a machine",
                    hint: "remove the folder '\(PlainText.short(path(name)))'")
            }
            machine.folder = path(name)
            if machine.isAlive {
                machines.append(machine)
            } else {
                ended.append(machine)
                Self.remove(machine.folder)
            }
        }
        return (machines.sorted { $0.name < $1.name }, ended)
    }

    /// Finds a machine by its name or the beginning of it; without a name, the only one.
    /// - Parameter isExact: only the whole name will do, for what cannot be undone.
    /// - Throws: ``RunError`` that lists the machines.
    public func machine(_ name: String?, isExact: Bool = false) throws -> MachineEntry {
        let (machines, ended) = try entries()
        let names = machines.map { "'\(PlainText.short($0.name))'" }.joined(separator: ", ")
        guard let first = machines.first else {
            throw RunError(
                "no machine is running", hint: try console(of: name, ended) ?? "start one: moby run --detached nginx")
        }
        guard let name else {
            if machines.count == 1 { return first }
            throw RunError("several machines are running: \(names)", hint: "name one")
        }
        if let exact = machines.first(where: { $0.name == name }) { return exact }
        let matching = isExact ? [] : machines.filter { $0.name.hasPrefix(name) }
        if let only = matching.first, matching.count == 1 { return only }
        let what =
            matching.isEmpty
            ? "no machine '\(PlainText.short(name))' is running" : "'\(PlainText.short(name))' is ambiguous"
        let left = matching.isEmpty ? try console(of: name, ended).map { "\($0); " } : nil
        throw RunError(what, hint: "\(left ?? "")running: \(names)")
    }

    /// A hint on the console of a machine in the background that has ended. Another command may have removed its entry,
    /// so that its state folder counts, too.
    private func console(of name: String?, _ ended: [MachineEntry]) throws -> String? {
        var console = ended.first { name == nil || $0.name == name }?.console
        if console == nil, let name, try HostFiles.exists("\(name)-state/console.log") {
            console = "\(name)-state/console.log"
        }
        return console.map { "the last one's console is in '\(PlainText.short($0))'" }
    }

    private func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// A folder for a machine that does not exist yet.
    func newFolder() -> String {
        path((0..<8).map { _ in String(UInt8.random(in: 0...15), radix: 16) }.joined())
    }

    /// Creates the folder of a machine, under its name or the next that is free.
    /// - Throws: ``RunError`` for a name of the user's that another machine has.
    func add(_ machine: MachineEntry, isNamed: Bool = false) throws -> MachineEntry {
        try makeFolder()
        let lock = open(path("lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw FileError("open", path("lock")) }
        defer { close(lock) }
        // Held for as long as it takes to read a few small files.
        while flock(lock, LOCK_EX) != 0 { guard errno == EINTR else { throw FileError("lock", path("lock")) } }
        let taken = Set(try machines().map(\.name))
        if isNamed, taken.contains(machine.name) {
            let name = PlainText.short(machine.name)
            throw RunError(
                "a machine named '\(name)' is already running",
                hint: "choose another --name, or run 'moby stop \(name)'")
        }
        var machine = machine
        let wanted = machine.name
        var number = 1
        while taken.contains(machine.name) {
            number += 1
            machine.name = "\(wanted)-\(number)"
        }
        guard mkdir(machine.folder, 0o700) == 0 else { throw FileError("make folder", machine.folder) }
        try update(&machine, pid: getpid(), isStarted: false)
        return machine
    }

    /// Notes the process of a machine.
    func update(_ machine: inout MachineEntry, pid: Int32, isStarted: Bool) throws {
        machine.pid = pid
        machine.ticks = ProcessClock.ticks(of: pid) ?? 0
        machine.isStarted = isStarted
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try ExtentWriter.write(
            Array(try encoder.encode(machine)) + [0x0A], to: "\(machine.folder)/\(Self.file)", mode: 0o600)
    }

    static func remove(_ folder: String) {
        // Another command may be doing the same; what stays is removed by the next.
        try? FolderTree.remove(folder)
    }

    /// The name of a machine that boots from `image`: the file's or the build's, without its folder and extension.
    static func name(_ image: String) -> String {
        let base = image.split(separator: "/").last.map(String.init) ?? image
        let stem = base.split(separator: ".").first.map(String.init) ?? base
        let safe = stem.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") ? $0 : "-" }
        return safe.contains { $0 != "-" } ? String(safe.prefix(40)) : "machine"
    }

    /// Whether `text` can name a machine.
    public static func isName(_ text: String) -> Bool {
        (1...40).contains(text.utf8.count) && !text.hasPrefix("-")
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
    }

    private func makeFolder() throws {
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else { throw FileError("make folder", folder) }
        try check()
    }

    /// - Throws: ``RunError`` when the folder cannot be used.
    func check() throws {
        if try HostFiles.exists(folder) { try checkOwner() }
        // The paths of sockets are limited (unix(7)).
        guard MachineSockets(folder: newFolder()).agent(0).utf8.count < 108 else {
            throw RunError(
                "the path '\(PlainText.short(folder))' is too long for sockets",
                hint: "set XDG_RUNTIME_DIR to a folder with a shorter path")
        }
    }

    /// In /tmp, another user may have been first.
    private func checkOwner() throws {
        guard let facts = try HostFiles.status(folder, followingLink: false) else { return }
        guard facts.st_mode & S_IFMT == S_IFDIR, facts.st_uid == geteuid(), facts.st_mode & 0o077 == 0 else {
            throw RunError(
                "'\(PlainText.short(folder))' is not a folder that only you may enter",
                hint: "remove it, or set XDG_RUNTIME_DIR")
        }
    }
}
