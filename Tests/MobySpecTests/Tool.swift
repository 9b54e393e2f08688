import Foundation

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
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [name] + arguments
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let problem = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed(name: name, status: process.terminationStatus, output: text + problem) }
        return text
    }
}
