import TestSupport

/// Runs a judge; one that is missing is a failure, not a test passed over.
enum Tool {
    struct Failed: Error, CustomStringConvertible {
        let name: String
        let status: Int32
        let output: String
        var description: String { "'\(name)' ended with status \(status): \(output)" }
    }

    /// - Returns: what it wrote to standard output.
    static func run(_ name: String, _ arguments: [String]) throws -> String {
        let ended = try EndedProcess(name, arguments)
        guard ended.status == 0 else {
            throw Failed(name: name, status: ended.status, output: ended.text + ended.complaint)
        }
        return ended.text
    }
}
