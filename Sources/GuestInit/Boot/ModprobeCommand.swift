internal import Glibc

/// `modprobe`, as the kernel calls it when it wants a module (`-q -- NAME`) and as people do.
enum ModprobeCommand {
    static func run(_ arguments: [String]) -> Int32 {
        let names = arguments.filter { !$0.hasPrefix("-") }
        let isQuiet = arguments.contains { $0 == "-q" || $0 == "-abq" || $0 == "--quiet" }
        guard let modules = ModuleLoader(report: { if !isQuiet { complain($0) } }) else {
            if !isQuiet { complain("there are no modules for this kernel") }
            return 1
        }
        var status: Int32 = 0
        for name in names where !modules.load(named: name) {
            if !isQuiet { complain("'\(name)' is not loaded") }
            status = 1
        }
        return status
    }

    private static func complain(_ text: String) { Console.send(Array("modprobe: \(text)\n".utf8), to: STDERR_FILENO) }
}
