internal import Extents

/// The consoles that a kernel's command line names (kernel, admin-guide/serial-console).
struct ConsoleWords {
    /// Names without their settings, e.g. `ttyS0`.
    let names: [String]

    init(_ commandLine: String) {
        names = commandLine.split(whereSeparator: \.isWhitespace).filter { $0.hasPrefix("console=") }
            .compactMap { $0.dropFirst("console=".count).split(separator: ",").first.map(String.init) }
    }

    /// The consoles of the serial port that `moby run` shows.
    static func shown(_ architecture: Architecture) -> [String] {
        switch architecture {
        case .x86, .riscv: ["ttyS0"]
        case .arm: ["ttyAMA0"]
        case .s390x: ["ttysclp0", "ttyS0", "sclp0"]
        }
    }

    /// What to say of a command line that leaves the console shown here empty.
    func warning(for architecture: Architecture) -> String? {
        let shown = Self.shown(architecture)
        guard let wanted = shown.first, !names.contains(where: shown.contains) else { return nil }
        let what =
            names.isEmpty
            ? "the kernel's command line names no console"
            : "the kernel's console is \(PlainText.short(names.joined(separator: ", ")))"
        return "warning: \(what), and this terminal shows \(wanted); add console=\(wanted) to kernel.cmdline"
    }
}
