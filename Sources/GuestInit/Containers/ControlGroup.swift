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

    var hasProcesses: Bool { Files.text(folder + "/cgroup.events")?.contains("populated 1") ?? false }

    /// Kills everything in it at once; false when the kernel (before 5.14) cannot.
    func kill() -> Bool { (try? Files.write("1", to: folder + "/cgroup.kill")) != nil }

    /// Removes it and the groups in it, as far as they are empty.
    func remove() { Self.remove(folder) }

    private static func remove(_ folder: String) {
        if rmdir(folder) == 0 || errno == ENOENT { return }
        for name in Files.names(in: folder) where Files.isDirectory(folder + "/" + name) { remove(folder + "/" + name) }
        rmdir(folder)
    }
}
