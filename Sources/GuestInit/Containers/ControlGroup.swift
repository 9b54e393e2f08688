internal import Glibc
internal import GuestSystem

/// A group of the unified hierarchy (cgroup v2).
struct ControlGroup: Equatable {
    static let root = "/sys/fs/cgroup"

    /// From the root of the hierarchy, with a slash before it.
    var path: String

    init(_ path: String) { self.path = path.hasPrefix("/") ? path : "/" + path }

    /// The group of a running process; nil for the root group.
    init?(of pid: pid_t) {
        guard let text = Files.text("/proc/\(pid)/cgroup"), let path = Self.path(inText: text) else { return nil }
        self.path = path
    }

    /// The path in the text of `/proc/PID/cgroup`.
    static func path(inText text: String) -> String? {
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("0::/") }), line.utf8.count > 4 else {
            return nil
        }
        return String(line.dropFirst(3))
    }

    private var folder: String { Self.root + path }

    /// Creates it and enables all controllers in the groups above it.
    func create() throws(SystemError) {
        var above = ""
        for part in path.split(separator: "/") {
            Self.enableControllers(below: Self.root + above)
            above += "/" + part
            try Files.makeDirectories(Self.root + above)
        }
    }

    /// One controller at a time: one that cannot be enabled must not affect the others. Which ones can depends on the
    /// kernel, so a failure is not reported: runc names the controller that a container needs.
    static func enableControllers(below folder: String) {
        for controller in (Files.text(folder + "/cgroup.controllers") ?? "").split(separator: " ") {
            try? Files.write("+\(controller)", to: folder + "/cgroup.subtree_control")
        }
    }

    var hasProcesses: Bool { Files.text(folder + "/cgroup.events")?.has("populated 1") ?? false }

    /// The processes in it, without those of groups in it.
    var processes: [pid_t] {
        (Files.text(folder + "/cgroup.procs") ?? "").split(separator: "\n").compactMap { pid_t($0) }
    }

    /// Kills everything in it at once; false when the kernel (before 5.14) cannot.
    func kill() -> Bool { (try? Files.write("1", to: folder + "/cgroup.kill")) != nil }

    /// Bytes that it uses, the most that it used, and its limit, as far as the kernel reports them.
    var memory: MemoryUse {
        func number(_ name: String) -> Int? { Files.text(folder + "/" + name).flatMap { Int($0) } }
        return MemoryUse(now: number("memory.current"), most: number("memory.peak"), limit: number("memory.max"))
    }

    var outOfMemory: MemoryEvents { MemoryEvents(Files.text(folder + "/memory.events") ?? "") }

    /// Removes it and the groups in it, as far as they are empty.
    func remove() { Self.remove(folder) }

    private static func remove(_ folder: String) {
        if rmdir(folder) == 0 || errno == ENOENT { return }
        for name in Files.names(in: folder) where Files.isDirectory(folder + "/" + name) { remove(folder + "/" + name) }
        rmdir(folder)
    }
}

/// Memory of a group in bytes.
struct MemoryUse: Equatable {
    var now: Int?
    var most: Int?
    /// nil without one.
    var limit: Int?

    /// `64.0 MiB`.
    static func text(_ bytes: Int) -> String {
        let tenths = bytes * 10 / (1 << 20)
        return "\(tenths / 10).\(tenths % 10) MiB"
    }
}

/// What a group's `memory.events` says about a lack of memory (kernel, admin-guide/cgroup-v2.rst).
struct MemoryEvents: Equatable {
    /// How often the limit of the group was reached and nothing could be freed.
    private(set) var limitHits = 0
    /// Processes of the group that the kernel killed, for its limit or for lack of memory of the machine.
    private(set) var kills = 0

    init(_ text: String) {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 2, let number = Int(words[1]) else { continue }
            if words[0] == "oom" { limitHits = number }
            if words[0] == "oom_kill" { kills = number }
        }
    }

    /// Why processes of a group were killed; nil when none was.
    func cause(limit: Int?) -> String? {
        guard kills > 0 else { return nil }
        let who = kills == 1 ? "" : ", \(kills) processes killed"
        guard limitHits > 0 else { return "the machine is out of memory" + who }
        return "out of memory" + (limit.map { " (limit \(MemoryUse.text($0)))" } ?? "") + who
    }
}
