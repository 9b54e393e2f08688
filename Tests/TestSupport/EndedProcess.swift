internal import MobyRun

/// A program that was run to its end while the calling thread waited.
public struct EndedProcess: Sendable {
    /// Exit status, or 128 and the number of the signal that ended it.
    public let status: Int32
    public let output: [UInt8]
    public let errors: [UInt8]

    public var succeeded: Bool { status == 0 }
    /// Standard output.
    public var text: String { String(decoding: output, as: UTF8.self) }
    public var lines: [String] { text.split(separator: "\n").map(String.init) }
    /// Standard error.
    public var complaint: String { String(decoding: errors, as: UTF8.self) }

    /// Runs a program.
    /// - Parameters:
    ///   - program: a path, or a name that is looked up in `PATH`. One that is missing ends with status 127.
    ///   - input: its standard input.
    ///   - folder: where it runs.
    ///   - environment: variables in addition to those of this process.
    public init(
        _ program: String, _ arguments: [String], input: [UInt8] = [], folder: String? = nil,
        environment: [String: String] = [:]
    ) throws {
        var words = folder.map { ["-C", $0] } ?? []
        words += environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        // Unlinked files, not pipes: a full pipe would stop the program.
        let source = try ScratchFile.make(input)
        let output = try ScratchFile.make()
        let errors = try ScratchFile.make()
        let child = try ChildProcess.start(
            "/usr/bin/env", words + [program] + arguments,
            handles: [0: source.number, 1: output.number, 2: errors.number])
        status = child.wait()
        self.output = try output.contents()
        self.errors = try errors.contents()
    }
}
