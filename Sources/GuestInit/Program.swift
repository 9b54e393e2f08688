internal import CInit
internal import Glibc

/// The one program of the guest, under all its names.
public enum Program {
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
            // Under its own name, the first argument may be the command.
            if let command = rest.first, ["poweroff", "reboot", "halt"].contains(command) {
                return ControlClient.run(command, Array(rest.dropFirst()))
            }
            return ControlClient.run("service", rest)
        }
        Machine(isContainer: cinit_found_proc() != 0).run()
    }
}
