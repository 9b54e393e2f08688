import Archive
import DiskImage
import Extents
import FoundationEssentials
import Testing

@testable import MobyInspect

/// Bytes that want too much.
struct HostileTests {
    private func inspect(_ bytes: [UInt8], _ change: (inout Limits) -> Void = { _ in }) throws -> Inspection {
        var limits = Limits()
        change(&limits)
        return try Inspection(ExtentList(bytes: bytes), scratch: "/tmp", limits: limits)
    }

    private func gzip(_ bytes: [UInt8]) throws -> [UInt8] {
        var sink = Collected()
        try Compression.gzip.compress(to: &sink) { try $0.write(bytes) }
        return sink.bytes
    }

    private struct Collected: ByteSink {
        var bytes: [UInt8] = []
        mutating func write(_ more: UnsafeRawBufferPointer) { bytes.append(contentsOf: more) }
    }

    @Test(arguments: [
        [], [0], Array("hello world, this is no artifact\nat all\n".utf8), [UInt8](repeating: 0, count: 1 << 16),
    ])
    func garbageIsAnError(_ bytes: [UInt8]) throws {
        #expect { try inspect(bytes) } throws: { "\($0)".hasPrefix("not an artifact: ") }
    }

    @Test func compressedZerosStopAtTheLimit() throws {
        let bomb = try gzip([UInt8](repeating: 0, count: 64 << 20))
        #expect(try inspect(bomb) { $0.plain = 1 << 20 }.errors.count == 1)
    }

    @Test func anArchiveOfTooManyNamesIsAnError() throws {
        var tree = FileTree()
        for number in 0..<500 {
            if let path = TreePath("file-\(number)".utf8) {
                tree.set(path, FileTree.Node(.regular(ExtentList()), mode: 0o644))
            }
        }
        var sink: any ByteSink = Collected()
        try CPIO.write(tree, under: .root, to: &sink)
        let bytes = try gzip((sink as? Collected)?.bytes ?? [])
        #expect(try inspect(bytes).volumes.first?.files.count == 500)
        let bounded = try inspect(bytes) { $0.names = 1 << 17 }
        #expect(
            bounded.errors.contains { $0.contains("too many names") }
                && (bounded.volumes.first?.files.count ?? 0) > 100
        )
    }

    @Test func linksInCirclesAreNotFollowedForEver() throws {
        var tree = FileTree()
        let links: [(StaticString, String)] = [
            ("a", "b"), ("b", "/a"), ("up", "../../etc"), ("etc/hosts", "host"), ("sub", "etc"),
        ]
        for (name, target) in links {
            tree.set(TreePath(name), FileTree.Node(.symlink(Array(target.utf8)), mode: 0o777))
        }
        tree.set(TreePath("etc"), FileTree.Node(.directory, mode: 0o755))
        tree.set(TreePath("etc/host"), FileTree.Node(.regular(ExtentList(bytes: [1, 2, 3])), mode: 0o644))
        var sink: any ByteSink = Collected()
        try CPIO.write(tree, under: .root, to: &sink)
        let inspection = try inspect((sink as? Collected)?.bytes ?? [])
        #expect(throws: InspectError.self) { try inspection.read("/a") { _ in } }
        for path in ["/etc/hosts", "up/hosts", "initrd:sub/hosts"] {
            var bytes: [UInt8] = []
            try inspection.read(path) { bytes.append(contentsOf: $0) }
            #expect(bytes == [1, 2, 3], "\(path)")
        }
        #expect(throws: InspectError.self) { try inspection.read("/etc") { _ in } }
    }

    @Test func zerosTakeNoRoomInATemporaryFile() throws {
        let file = try TemporaryFile(in: "/tmp", limit: 1 << 30, stored: 8192)
        let zeros = [UInt8](repeating: 0, count: 100_000)
        for bytes in [[7], zeros, [8], zeros] as [[UInt8]] { try bytes.withUnsafeBytes { try file.append($0) } }
        let list = try file.contents()
        #expect(try ExtentReader.bytes(of: list) == [7] + zeros + [8] + zeros)
    }
}
