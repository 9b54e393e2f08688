internal import ArgumentParser
internal import Cloud
internal import Extents
internal import FoundationEssentials
internal import Glibc
internal import MobyBuild
internal import MobySpec

/// Where errors become messages and exit codes: 1 the world failed, 2 the spec or a variable is wrong, 64 usage, 130
/// interrupted.
enum ErrorReport {
    /// As shells report a program that SIGINT ended.
    private static let interrupted: Int32 = 130
    /// EX_USAGE of sysexits.h.
    private static let usage: Int32 = 64

    /// - Parameter command: the words of the command, for the hint on its help.
    static func exit(_ error: any Error, command: [String] = []) -> Never {
        switch error {
        case let error as SpecError:
            Terminal.error(SpecInput.render(error.diagnostics), .error)
            Terminal.exit(2)
        case let error as Diagnostic:
            Terminal.error(SpecInput.render([error]), .error)
            Terminal.exit(2)
        case let error as SourceErrors:
            for (_, error) in error.unreadable { print(error) }
            if !error.diagnostics.isEmpty { Terminal.error(SpecInput.render(error.diagnostics), .error) }
            Terminal.exit(error.diagnostics.isEmpty ? 1 : 2)
        case let error as SourceDate.Problem:
            exit("\(error)", hint: error.hint, 2)
        case let error as ImageErrors:
            Terminal.error(SpecInput.render(error.diagnostics), .error)
            Terminal.exit(1)
        case let error as UsageError:
            exitForUsage(error.description, hint: error.hint, error.command)
        case let error as OptionError:
            exitForUsage(error.description, hint: error.hint, command)
        case let error as CloudFailure where error.isInterrupted:
            Terminal.error("moby: \(error)", .error)
            Terminal.exit(interrupted)
        case is CancellationError:
            Terminal.error("moby: interrupted", .error)
            Terminal.exit(interrupted)
        case let error as FileError where error.code == EPIPE && error.path == Terminal.outputName:
            Terminal.exit(Terminal.brokenPipe)
        case let error as ExitCode:
            Terminal.exit(error.rawValue)
        default:
            switch Moby.exitCode(for: error) {
            case .success:
                // A request for help, a version, a script for a shell.
                let text = Moby.fullMessage(for: error)
                Terminal.output(text.hasSuffix("\n") ? text : text + "\n")
                Terminal.exit(0)
            case .failure:
                print(error)
                Terminal.exit(1)
            default: exitForUsage(Moby.message(for: error), hint: nil, command)
            }
        }
    }

    /// A failure of the world, with its hint.
    static func print(_ error: any Error) {
        write(text(error), hint: (error as? any HintedError)?.hint)
    }

    /// The message of a failure, without its hint.
    static func text(_ error: any Error) -> String { FoundationError.text(error) ?? "\(error)" }

    private static func write(_ message: String, hint: String?) {
        Terminal.error("error: \(message)" + (hint.map { "\n  hint: \($0)" } ?? ""), .error)
    }

    private static func exit(_ message: String, hint: String?, _ code: Int32) -> Never {
        write(message, hint: hint)
        Terminal.exit(code)
    }

    private static func exitForUsage(_ message: String, hint: String?, _ command: [String]) -> Never {
        let isHelpful = hint != nil || message.contains("did you mean") || message.contains("hint: ")
        exit(
            message,
            hint: isHelpful
                ? hint
                : "see '\((["moby"] + (command == ["run"] ? ["run", "qemu"] : command) + ["--help"]).joined(separator: " "))'",
            usage
        )
    }
}

/// Runs what reads the values of options: its errors are of the command line.
func usage<Value>(_ read: () throws -> Value) throws -> Value {
    do { return try read() } catch let error as any HintedError {
        throw ValidationError("\(error)" + (error.hint.map { "\n  hint: \($0)" } ?? ""))
    }
}

/// A command line that is wrong; exit code 64.
struct UsageError: HintedError, CustomStringConvertible {
    let description: String
    let hint: String?
    /// The words of the command whose help is to be read, e.g. `cache`, `pull`.
    let command: [String]

    init(_ description: String, hint: String? = nil, command: [String] = []) {
        (self.description, self.hint, self.command) = (description, hint, command)
    }
}

/// Messages for errors of Foundation that no context has caught.
enum FoundationError {
    /// - Returns: nil for an error with a message of its own.
    static func text(_ error: any Error) -> String? {
        switch error {
        case let error as CocoaError:
            let path = (error.userInfo["NSFilePath"] as? String).map { "'\($0)': " } ?? ""
            guard let cause = error.userInfo["NSUnderlyingError"] as? POSIXError else {
                return "\(path)cannot use the file"
            }
            return path + FileError.text(of: cause.code.rawValue)
        case let error as DecodingError: return "cannot read a record: \(reason(error))"
        default: return nil
        }
    }

    private static func reason(_ error: DecodingError) -> String {
        switch error {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
            .dataCorrupted(let context):
            context.debugDescription
        @unknown default: "it has another form"
        }
    }
}
