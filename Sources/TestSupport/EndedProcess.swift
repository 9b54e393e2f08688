internal import Extents
internal import Glibc
internal import MobyRun

/// A program that was run to its end while the calling thread waited.
public struct EndedProcess: Sendable {
    /// Exit status, or 128 and the number of the signal that ended it.
    public let status: Int32
    public let output: [UInt8]
    public let errors: [UInt8]

    public var text: String { String(decoding: output, as: UTF8.self) }
    public var lines: [String] { text.split(separator: "\n").map(String.init) }
    public var complaint: String { String(decoding: errors, as: UTF8.self) }

    /// Runs a program.
    /// - Parameters:
    ///   - program: a path, or a name that is looked up in `PATH`. One that is missing ends with status 127.
    ///   - input: a file that it reads as standard input.
    ///   - folder: where it runs.
    ///   - environment: variables in addition to those of this process.
    public init(
        _ program: String, _ arguments: [String], input: String = "/dev/null", folder: String? = nil, environment: [String: String] = [:]
    ) throws {
        var words = folder.map { ["-C", $0] } ?? []
        words += environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        // Unlinked files, not pipes: a pipe that nobody empties in time would stop the program.
        let source = try File(reading: input)
        let output = try File.scratch()
        let errors = try File.scratch()
        let child = try ChildProcess.start(
            "/usr/bin/env", words + [program] + arguments, handles: [0: source.number, 1: output.number, 2: errors.number])
        status = child.wait()
        self.output = try output.contents()
        self.errors = try errors.contents()
    }
}

/// A descriptor that is closed when it is no longer needed.
private struct File: ~Copyable {
    let number: Int32

    private init(_ number: Int32, _ name: String) throws {
        guard number >= 0 else { throw FileError("open", name) }
        self.number = number
    }

    init(reading path: String) throws { try self.init(open(path, O_RDONLY | O_CLOEXEC), path) }

    /// Without a name: it goes with the descriptor.
    static func scratch() throws -> File {
        var template = Array("/tmp/moby-test-XXXXXX".utf8CString)
        let number = mkstemp(&template)
        if number >= 0 {
            unlink(template)
            _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        }
        return try File(number, "/tmp")
    }

    func contents() throws -> [UInt8] {
        let length = Int(lseek(number, 0, SEEK_END))
        return try [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            while count < length {
                let read = pread(number, buffer.baseAddress.map { $0 + count }, length - count, off_t(count))
                guard read > 0 else { throw FileError("read", "/tmp") }
                count += read
            }
        }
    }

    deinit { close(number) }
}
