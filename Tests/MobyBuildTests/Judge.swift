import Extents
import FoundationEssentials
import Glibc

@testable import MobyBuild

/// Other programs that say whether ours is right.
enum Judge {
    struct Failed: Error, CustomStringConvertible {
        let description: String
    }

    /// Output of a program; a program that is missing or fails is an error.
    static func run(_ program: String, _ arguments: [String], input: [UInt8] = []) throws -> String {
        let folder = "/tmp/moby-judge-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Data(input).write(to: URL(filePath: folder + "/in"))
        let quoted = ([program] + arguments).map { "'\($0)'" }.joined(separator: " ")
        let status = system("LC_ALL=C TZ=UTC \(quoted) <\(folder)/in >\(folder)/out 2>\(folder)/err")
        let text = { (name: String) in
            String(decoding: try Data(contentsOf: URL(filePath: "\(folder)/\(name)")), as: UTF8.self)
        }
        guard status == 0 else { throw Failed(description: "\(program): status \(status): \(try text("err"))") }
        return try text("out")
    }

    /// What `cpio` lists of a segment: mode, links, owner, size, time and name of each entry.
    static func listing(of segment: Segment) throws -> String {
        let bytes = try ExtentReader.bytes(of: segment.bytes)
        let tool =
            bytes.starts(with: [0x1F, 0x8B]) ? "gzip -dc" : bytes.starts(with: [0x28, 0xB5]) ? "zstd -dc" : "cat"
        return try run("sh", ["-c", "\(tool) | cpio -itvn --quiet"], input: bytes)
    }
}
