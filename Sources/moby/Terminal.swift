internal import Extents
internal import FoundationEssentials
internal import Glibc
internal import Synchronization

/// Data goes to standard output, everything else to standard error.
enum Terminal {
    static var environment: [String: String] { ProcessInfo.processInfo.environment }

    /// For files of any size, which need not stay in memory.
    static var scratchFolder: String { environment["TMPDIR"] ?? "/var/tmp" }

    /// Path of this program.
    static var executable: String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        return count > 0
            ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : CommandLine.arguments[0]
    }

    /// The name of standard output in messages.
    static let outputName = FileError.standardOutput

    /// Exit code of a program whose reader went away, as shells give it for SIGPIPE.
    static let brokenPipe: Int32 = 141

    /// The first write to standard output that did not succeed, as its `errno`; 0 when all did.
    private static let problem = Mutex<Int32>(0)

    static let isOutputTerminal = isatty(STDOUT_FILENO) == 1

    /// For a program's start: a standard descriptor that is closed must not become that of a file opened later.
    static func prepare() {
        for (file, mode) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDWR)]
        where fcntl(file, F_GETFD) < 0 {
            // The lowest free number is this one. Reading and writing it the wrong way stays an error.
            _ = open("/dev/null", mode)
        }
    }

    /// Standard error.
    static let display = Display()

    /// Messages, which may quote foreign text: nothing in them drives the terminal.
    static func error(_ text: String, _ severity: MessageSeverity = .info) { display.message(text, severity) }

    /// Data, at once. What a terminal gets has its control characters escaped. Errors are reported by ``exit(_:)``.
    static func output(_ text: String) { live(isOutputTerminal ? PlainText.lines(text) : text) }

    /// Text as it is, e.g. a machine's console.
    static func live(_ text: String) {
        guard problem.withLock(\.self) == 0 else { return }
        var code: Int32 = 0
        if isOutputTerminal {
            display.aside { code = write(text, to: STDOUT_FILENO) }
        } else {
            code = write(text, to: STDOUT_FILENO)
        }
        if code != 0 { problem.withLock { $0 = code } }
    }

    /// Bytes of a program in a machine, as they are.
    static func live(_ bytes: [UInt8], to file: Int32) {
        if file == STDOUT_FILENO {
            guard problem.withLock(\.self) == 0, case let code = write(bytes, to: file), code != 0 else { return }
            problem.withLock { $0 = code }
        } else {
            write(bytes, to: file)
        }
    }

    /// For bytes that are not text, which would set a terminal to who knows what.
    /// - Parameter hint: what to do instead.
    /// - Throws: `UnfitFile` when standard output is a terminal.
    static func checkBinaryOutput(hint: String) throws {
        if isOutputTerminal { throw binaryOutput(hint: hint) }
    }

    static func binaryOutput(hint: String) -> UnfitFile {
        UnfitFile("refusing to write binary data to a terminal", hint: hint)
    }

    /// Whether bytes may go to standard output: any but to a terminal, which gets text only.
    static func isFit(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard isOutputTerminal else { return true }
        return bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F || [0x09, 0x0A, 0x0C, 0x0D].contains($0) }
    }

    /// Ends the program. A write to standard output that did not succeed is an error, except when its reader went away.
    static func exit(_ code: Int32) -> Never {
        display.close()
        switch problem.withLock(\.self) {
        case 0: Glibc.exit(code)
        case EPIPE: Glibc.exit(code == 0 ? brokenPipe : code)
        case let problem:
            error("error: \(FileError("write", outputName, code: problem))", .error)
            Glibc.exit(code == 0 ? 1 : code)
        }
    }

    /// - Returns: 0, or the `errno` of a write that did not succeed.
    @discardableResult
    static func write(_ text: String, to file: Int32) -> Int32 { write(Array(text.utf8), to: file) }

    @discardableResult
    private static func write(_ bytes: [UInt8], to file: Int32) -> Int32 {
        do {
            try HostFiles.write(bytes, to: file, name: outputName)
            return 0
        } catch {
            return error.code
        }
    }

    /// `12.3 MB`, in powers of ten as disks and networks are sold.
    static func size(_ bytes: UInt64) -> String { SizeText.decimal(bytes) }

    static func seconds(_ duration: Duration) -> String { SizeText.decimals(duration / .seconds(1), 2) + " s" }
}

/// Data to standard output. Hides Swift's own `print`, which does not report a write that failed.
func print(_ items: Any..., separator: String = " ", terminator: String = "\n") {
    Terminal.output(items.map { "\($0)" }.joined(separator: separator) + terminator)
}
