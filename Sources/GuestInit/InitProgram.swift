internal import CInit
internal import Glibc
internal import GuestSystem

/// The one program of the guest, under all its names.
public enum InitProgram {
    /// Does what the name in `arguments[0]` says: as PID 1 it boots the machine and never returns; `service`,
    /// `poweroff`, `reboot`, `halt` talk to PID 1; `modprobe` loads kernel modules. The result is the exit status.
    public static func run(_ arguments: [String]) -> Int32 {
        let name = Files.lastComponent(arguments.first ?? "init")
        let rest = Array(arguments.dropFirst())
        switch name {
        case "service", "poweroff", "reboot", "halt": return ControlClient.run(name, rest)
        case "modprobe": return ModprobeCommand.run(rest)
        default: break
        }
        guard getpid() == 1 else {
            // As `init`, the first argument may be the command.
            if let command = rest.first, ["poweroff", "reboot", "halt"].contains(command) {
                return ControlClient.run(command, Array(rest.dropFirst()))
            }
            return ControlClient.run("service", rest)
        }
        InitProcess(isContainer: cinit_found_proc() != 0).run()
    }
}

/// `modprobe`, as the kernel calls it for a module (`-q -- NAME`) and as people do.
enum ModprobeCommand {
    static func run(_ arguments: [String]) -> Int32 {
        let names = arguments.filter { !$0.hasPrefix("-") }
        let isQuiet = arguments.contains { $0 == "-q" || $0 == "-abq" || $0 == "--quiet" }
        guard let modules = ModuleLoader(report: { if !isQuiet { complain($0) } }) else {
            if !isQuiet { complain("no modules for this kernel") }
            return 1
        }
        var status: Int32 = 0
        for name in names where !modules.load(named: name) {
            if !isQuiet { complain("cannot load '\(name)'") }
            status = 1
        }
        return status
    }

    private static func complain(_ text: String) {
        GuestConsole.send(Array("modprobe: \(text)\n".utf8), to: STDERR_FILENO)
    }
}
