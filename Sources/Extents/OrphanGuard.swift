internal import Glibc

/// Keeps a program from outliving this process.
public enum OrphanGuard {
    private static let programs: [String] = ["/usr/bin/setpriv", "/bin/setpriv"]

    /// Goes before the program and its arguments: setpriv(1) has the kernel kill the program when this process ends,
    /// however it ends. Empty where setpriv is not installed.
    public static let command: [String] = {
        guard let program = programs.first(where: { access($0, X_OK) == 0 }) else { return [] }
        return [program, "--pdeathsig", "KILL", "--"]
    }()
}
