internal import ArgumentParser
internal import Extents
internal import MobySpec

/// Options of the commands that read spec files: the values of their variables.
struct VariableOptions: ParsableArguments {
    @Option(
        name: .customLong("set"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Set a variable of the files, ${NAME}; repeatable.", valueName: "name=value"))
    var assignments: [String] = []
    @Option(
        name: .customLong("env"),
        help: ArgumentHelp("Let the files use this variable of the environment; repeatable.", valueName: "name"))
    var allowed: [String] = []
    @Option(
        help: ArgumentHelp("Read variables from a file with NAME=value lines; repeatable.", valueName: "file"),
        completion: .file())
    var envFile: [String] = []

    mutating func validate() throws {
        for text in assignments { _ = try Self.assignment(text) }
        for name in allowed where !Variables.isName(name) {
            let shown = PlainText.short(name)
            let hint = name.contains("=") ? "; use --set \(shown)" : ""
            throw ValidationError("--env is '\(shown)', expected the name of a variable\(hint)")
        }
    }

    /// The options as words of a command line.
    var words: [String] {
        assignments.flatMap { ["--set", $0] } + allowed.flatMap { ["--env", $0] }
            + envFile.flatMap { ["--env-file", $0] }
    }

    /// The values for one run. Environment files are read now.
    /// - Throws: `FileError`; `SpecError` for lines of a file that set nothing.
    func values() throws -> Variables {
        var files: [(name: String, value: String)] = []
        for path in envFile {
            files += try EnvironmentFile.read(try SpecInput.text(path), name: path)
        }
        return Variables(
            set: try assignments.map(Self.assignment),
            environment: Terminal.environment.filter { allowed.contains($0.key) }, files: files,
            isGiven: !(assignments.isEmpty && allowed.isEmpty && envFile.isEmpty))
    }

    private static func assignment(_ text: String) throws -> (name: String, value: String) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, Variables.isName(parts[0]) else {
            throw ValidationError("--set is '\(PlainText.short(text))', expected NAME=VALUE")
        }
        return (parts[0], parts[1])
    }
}
