internal import BootLayout

/// The words after the kernel on its command line that mean something to PID 1.
struct KernelCommandLine: Equatable {
    /// Values of `console=` without their options, the last (the main one) last, none twice.
    var consoles: [String] = []
    /// `moby.debug=1`: every step is told on the console.
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
        case "console":
            guard let device = value?.split(separator: ",").first.map(String.init) else { return }
            consoles.removeAll { $0 == device }
            consoles.append(device)
        case "moby.debug": isDebugging = value == "1"
        case "linuxkit.runc_debug": isRuncDebugging = value == "1"
        case "linuxkit.runc_console": showsOnboot = value == "1"
        case "linuxkit.unified_cgroup_hierarchy": wantsLegacyCgroups = value == "0"
        case BootLayout.rootWord: root = value.map { RootName($0) }
        default: break
        }
    }
}
