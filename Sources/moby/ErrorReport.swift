internal import ArgumentParser
internal import Extents
internal import Glibc
internal import MobyBuild
internal import MobyRun
internal import MobySpec

/// The one place where an error becomes prose and an exit code: 1 the world failed, 2 the text or a variable is wrong, 64 usage, 130 stopped by the user.
enum ErrorReport {
    /// As shells have it for a program that SIGINT ended.
    private static let interrupted: Int32 = 130

    static func exit(_ error: any Error) -> Never {
        switch error {
        case let error as SpecError:
            Terminal.error(SpecInput.render(error.diagnostics))
            Glibc.exit(2)
        case let error as Diagnostic:
            Terminal.error(SpecInput.render([error]))
            Glibc.exit(2)
        case let error as SourceDate.Fault:
            Terminal.error("error: \(error)\n  hint: \(error.hint ?? "")")
            Glibc.exit(2)
        case let error as ImageFaults:
            Terminal.error(SpecInput.render(error.diagnostics))
            Glibc.exit(1)
        case let error as GCPFailure where error.isStopped:
            Terminal.error("moby: \(error)")
            Glibc.exit(interrupted)
        case is CancellationError:
            Terminal.error("moby: stopped")
            Glibc.exit(interrupted)
        default:
            // The argument parser's own errors: help, a wrong option, an exit code.
            if error is ExitCode || Moby.exitCode(for: error) != .failure { Moby.exit(withError: error) }
            print(error)
            Glibc.exit(1)
        }
    }

    /// A failure of the world, with its hint.
    static func print(_ error: any Error) {
        Terminal.error("error: \(error)")
        if let hint = (error as? any HintedError)?.hint { Terminal.error("  hint: \(hint)") }
    }
}
