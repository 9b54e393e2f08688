internal import BootLayout
internal import GuestSystem

/// The kernel parameters that PID 1 knows.
struct KernelCommandLine: Equatable {
    /// The settings that the command line decides, below `/proc/sys`: of `sysctl.NAME=`, and `kernel/panic` of `panic=`.
    var settings: Set<String> = []
    /// Whether the output of onboot and onshutdown containers is shown when they end: `moby.output=1` or `0`; by
    /// default unless `quiet`.
    var printsOutput: Bool { output ?? !isQuiet }
    private var isQuiet = false
    private var output: Bool?
    /// `moby.debug=1`: every step is reported on the console.
    var isDebugging = false
    /// `loglevel=`, `debug`, `ignore_loglevel` or `moby.debug=1`: the kernel's messages stay on the console.
    var showsKernel: Bool { namesLevel || isDebugging }
    private var namesLevel = false
    /// `moby.watchdog=`: seconds; 0 is none.
    var watchdog: Int?
    /// `linuxkit.runc_debug=1`.
    var isRuncDebugging = false
    /// `linuxkit.runc_console=1`: onboot containers write to the console, not to logs.
    var showsOnboot = false
    /// `linuxkit.unified_cgroup_hierarchy=0`, which is not supported.
    var wantsLegacyCgroups = false
    /// `moby.agent` or `moby.agent=1`: PID 1 listens on the agent's ports.
    var opensAgent = false
    /// `moby.root=`: the disk with the root, when it is not in the initrd.
    var root: RootName?

    /// The running kernel's.
    static func current(in path: String = "/proc/cmdline") throws(SystemError) -> KernelCommandLine {
        KernelCommandLine(try Files.requiredText(path))
    }

    init(_ text: String) {
        for word in text.split(whereSeparator: { $0 == " " || $0 == "\n" || $0 == "\t" }) {
            if word == "--" { break }
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            take(String(parts[0]), parts.count > 1 ? String(parts[1]) : nil)
        }
    }

    /// `kernel.panic` and `kernel/panic` are the same. Where the first separator is a slash, dots belong to names.
    private static func settingPath(_ name: Substring) -> String {
        let isPath = name.first { $0 == "." || $0 == "/" } == "/"
        return String(isPath ? name : Substring(name.map { $0 == "." ? "/" : $0 == "/" ? "." : $0 }))
    }

    private mutating func take(_ name: String, _ value: String?) {
        switch name {
        case "panic": settings.insert("kernel/panic")
        case _ where name.hasPrefix("sysctl.") || name.hasPrefix("sysctl/"):
            settings.insert(Self.settingPath(name.dropFirst(7)))
        case "quiet": isQuiet = value == nil
        case "moby.output": output = value == "1" ? true : value == "0" ? false : output
        case "loglevel", "debug", "ignore_loglevel": namesLevel = true
        case "moby.watchdog": watchdog = value.flatMap { Int($0.hasSuffix("s") ? String($0.dropLast()) : $0) }
        case "moby.debug": isDebugging = value == "1"
        case "linuxkit.runc_debug": isRuncDebugging = value == "1"
        case "linuxkit.runc_console": showsOnboot = value == "1"
        case "linuxkit.unified_cgroup_hierarchy": wantsLegacyCgroups = value == "0"
        case BootLayout.agentWord: opensAgent = value == nil || value == "1"
        case BootLayout.rootWord: root = value.map { RootName($0) }
        default: break
        }
    }
}
