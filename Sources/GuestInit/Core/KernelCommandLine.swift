internal import BootLayout

/// The words after the kernel on its command line that mean something to PID 1.
struct KernelCommandLine: Equatable {
    /// `panic=`, in which case it decides what becomes of a kernel that panics.
    var namesPanic = false
    /// Whether what onboot and onshutdown containers printed is shown when they end: `moby.output=1` or `0`, else
    /// unless `quiet`.
    var printsOutput: Bool { output ?? !isQuiet }
    private var isQuiet = false
    private var output: Bool?
    /// `moby.debug=1`: every step is reported on the console.
    var isDebugging = false
    /// `linuxkit.runc_debug=1`.
    var isRuncDebugging = false
    /// `linuxkit.runc_console=1`: onboot containers write to the console, not to logs.
    var showsOnboot = false
    /// `linuxkit.unified_cgroup_hierarchy=0`, which is not supported.
    var wantsLegacyCgroups = false
    /// `moby.root=`: which disk has the root, when it is not in the initrd.
    var root: RootName?

    init(_ text: String) {
        for word in text.split(whereSeparator: { $0 == " " || $0 == "\n" || $0 == "\t" }) {
            if word == "--" { break }
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            take(String(parts[0]), parts.count > 1 ? String(parts[1]) : nil)
        }
    }

    private mutating func take(_ name: String, _ value: String?) {
        switch name {
        case "panic": namesPanic = true
        case "quiet": isQuiet = value == nil
        case "moby.output": output = value == "1" ? true : value == "0" ? false : output
        case "moby.debug": isDebugging = value == "1"
        case "linuxkit.runc_debug": isRuncDebugging = value == "1"
        case "linuxkit.runc_console": showsOnboot = value == "1"
        case "linuxkit.unified_cgroup_hierarchy": wantsLegacyCgroups = value == "0"
        case BootLayout.rootWord: root = value.map { RootName($0) }
        default: break
        }
    }
}
