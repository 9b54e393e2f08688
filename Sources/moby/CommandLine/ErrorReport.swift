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
        case is SpecError, is Diagnostic, is SourceErrors, is SourceDate.Problem, is ImageErrors:
            let (text, code) = message(error)
            Terminal.error(text, .error)
            Terminal.exit(code)
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

    /// What is printed about an error that is not of the command line, and the exit code: 1, or 2 when a file or a
    /// variable is wrong.
    static func message(_ error: any Error) -> (text: String, code: Int32) {
        switch error {
        case let error as SpecError: (SpecInput.render(error.diagnostics), 2)
        case let error as Diagnostic: (SpecInput.render([error]), 2)
        case let error as SourceErrors:
            (
                (error.unreadable.map { message($0.1).text }
                    + (error.diagnostics.isEmpty ? [] : [SpecInput.render(error.diagnostics)])).joined(separator: "\n"),
                error.diagnostics.isEmpty ? 1 : 2
            )
        case let error as SourceDate.Problem: (line("\(error)", hint: error.hint), 2)
        case let error as ImageErrors: (SpecInput.render(error.diagnostics), 1)
        default: (line(text(error), hint: (error as? any HintedError)?.hint), 1)
        }
    }

    /// A failure of the world, with its hint.
    static func print(_ error: any Error) { Terminal.error(message(error).text, .error) }

    /// The message of a failure, without its hint.
    static func text(_ error: any Error) -> String { FoundationError.text(error) ?? "\(error)" }

    private static func line(_ message: String, hint: String?) -> String {
        "error: \(message)" + (hint.map { "\n  hint: \($0)" } ?? "")
    }

    private static func exitForUsage(_ message: String, hint: String?, _ command: [String]) -> Never {
        let isHelpful = hint != nil || message.contains("did you mean") || message.contains("hint: ")
        let words = ["moby"] + (command == ["run"] ? ["run", "qemu"] : command) + ["--help"]
        Terminal.error(line(message, hint: isHelpful ? hint : "see '\(words.joined(separator: " "))'"), .error)
        Terminal.exit(usage)
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
