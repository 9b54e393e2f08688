internal import Dispatch
internal import Fuzzing
internal import Glibc

/// Damages artifacts and looks into them: `fuzz COUNT FOLDER`, where each folder within FOLDER is named for a format
/// and holds its files. `fuzz SEED FILE` looks at one damaged version again. `make fuzz` makes the folder.
@main
enum Main {
    static func main() throws {
        let arguments = CommandLine.arguments
        #if COVERAGE
            exit(Coverage.run(arguments))
        #else
            if arguments.count == 5, arguments[1] == Child.word, let first = UInt64(arguments[3]),
                let count = UInt64(arguments[4])
            {
                return try Child.run(arguments[2], seeds: first..<first + count)
            }
            guard arguments.count == 3, let number = UInt64(arguments[1]) else {
                Main.report("usage: fuzz COUNT FOLDER, or fuzz SEED FILE")
                exit(64)
            }
            var info = stat()
            guard stat(arguments[2], &info) == 0 else {
                Main.report("no '\(arguments[2])'")
                exit(1)
            }
            if info.st_mode & S_IFMT != S_IFDIR { return try Child.run(arguments[2], seeds: number..<number + 1) }
            exit(try run(Artifact.all(in: arguments[2]), count: number) ? 0 : 1)
        #endif
    }

    /// - Returns: whether all went well.
    private static func run(_ artifacts: [Artifact], count: UInt64) throws -> Bool {
        let results = Results(artifacts.count)
        put(Tally.head)
        DispatchQueue.concurrentPerform(iterations: artifacts.count) { index in
            let tally = Supervisor(artifacts[index]).run(count)
            results.add(tally)
            put(tally.row)
        }
        let total = results.total
        put(total.row)
        return total.isClean && !artifacts.isEmpty
    }

    /// Writes a line to standard output, whole and at once: threads and a parent share it.
    static func put(_ text: String) { write(text, to: 1) }

    /// Writes a line to standard error.
    static func report(_ text: String) { write(text, to: 2) }

    private static func write(_ text: String, to descriptor: Int32) {
        let bytes = Array((text + "\n").utf8)
        _ = Glibc.write(descriptor, bytes, bytes.count)
    }
}
