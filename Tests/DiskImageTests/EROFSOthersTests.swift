import Archive
import Extents
import Foundation
import TestSupport
import Testing

@testable import DiskImage

/// Images that `mkfs.erofs` makes, compared file by file with what they were made from.
@Suite struct EROFSOthersTests {
    @Test(
        arguments: [
            [], ["-zlz4"], ["-zlz4hc"], ["-zlz4hc,12", "-C65536"], ["-zlz4", "-C16384"],
            ["-zlz4hc", "-Elegacy-compress"],
            ["-Enoinline_data"], ["-Eforce-inode-extended", "-zlz4"], ["--chunksize=4096"],
            ["--chunksize=65536", "-Eforce-chunk-indexes"],
        ] as [[String]])
    func readsWhatMkfsWrote(options: [String]) async throws {
        try await withTemporaryDirectory { folder in
            let files = try fill(folder + "/tree")
            try Oracle("mkfs.erofs").output(options + [folder + "/image", folder + "/tree"])
            let reader = try EROFS.Reader(ExtentList(file: folder + "/image"))
            var found: [String: [UInt8]] = [:]
            try reader.walk { path, inode in
                if inode.isRegular || inode.isSymlink { found[path.description] = try reader.contents(of: inode) }
            }
            #expect(Set(found.keys) == Set(files.keys))
            for (path, bytes) in files {
                let same = found[path] == bytes
                #expect(same, "'\(path)': \(bytes.count) bytes")
            }
        }
    }

    @Test(arguments: [
        (["-zlz4", "-Eztailpacking"], "tail packing"),
        (["--chunksize=4096", "--blobdev="], "more devices or algorithms"),
    ])
    func whatIsNotReadIsNamed(options: [String], name: String) async throws {
        try await withTemporaryDirectory { folder in
            _ = try fill(folder + "/tree")
            let options = options.map { $0 == "--blobdev=" ? $0 + folder + "/blobs" : $0 }
            try Oracle("mkfs.erofs").output(options + [folder + "/image", folder + "/tree"])
            let image = try ExtentList(file: folder + "/image")
            #expect { try EROFS.Reader(image) } throws: { "\($0)".contains("it needs") && "\($0)".contains(name) }
        }
    }

    /// Text, noise and zeros in the sizes that matter, and links.
    /// - Returns: the bytes of files and the targets of links, by path.
    private func fill(_ folder: String) throws -> [String: [UInt8]] {
        var numbers = Numbers(11)
        var files: [String: [UInt8]] = [:]
        for size in [0, 1, 31, 4000, 4095, 4096, 4097, 8192, 12_289, 65_535, 65_536, 65_537, 200_000, 1_000_003] {
            files["text/\(size)"] = (0..<size).map { UInt8(truncatingIfNeeded: $0 / 11 % 60 + 32 + $0 / 1000 % 7) }
            files["noise/\(size)"] = numbers.bytes(size)
            files["zeros and/\(size)"] = (0..<size).map { $0 % 50_000 < 20_000 ? 0 : UInt8(truncatingIfNeeded: $0 / 3) }
        }
        for (index, size) in (0..<24).map({ ($0, Int.random(in: 1...300_000, using: &numbers)) }) {
            let words = (0..<16).map { _ in numbers.bytes(Int.random(in: 1...9, using: &numbers)) }
            var bytes: [UInt8] = []
            while bytes.count < size { bytes += words.randomElement(using: &numbers) ?? [0] }
            files["words/\(index)"] = Array(bytes.prefix(size))
        }
        for (path, bytes) in files { try TestFile.write(bytes, to: "\(folder)/\(path)") }
        try FileManager.default.createSymbolicLink(atPath: "\(folder)/link", withDestinationPath: "text/4096")
        files["link"] = Array("text/4096".utf8)
        return files
    }
}

/// Damaged images: the reader ends, with an error or without, and never traps.
@Suite struct EROFSFuzzTests {
    @Test(arguments: 0..<6) func survivesDamage(seed: UInt64) async throws {
        try await withTemporaryDirectory { folder in
            var numbers = Numbers(seed)
            let tree = EROFSTree(seed: seed, names: 40).tree
            let scratch = try PartialFile(folder + "/clusters")
            defer { withExtendedLifetime(scratch) {} }
            let image = try EROFS.compressedImage(of: tree, scratch: scratch)
            let whole = try ExtentReader.bytes(of: image, limit: 1 << 30)
            let meta = Int(try EROFS.Reader(image).superblock.metaBlock) * EROFS.blockSize
            var errors = 0
            for _ in 0..<80 {
                var bytes = whole
                // Without its check sum the superblock is as open to damage as the rest.
                bytes[EROFS.superblockOffset + 8] = 0
                for _ in 0..<Int.random(in: 1...6, using: &numbers) {
                    let range =
                        Bool.random(using: &numbers)
                        ? meta..<bytes.count : EROFS.superblockOffset..<EROFS.superblockOffset + 144
                    let position = Int.random(in: range, using: &numbers)
                    bytes[position] =
                        [0, 0xFF, bytes[position] ^ 1, UInt8.random(in: 0...255, using: &numbers)].randomElement(
                            using: &numbers) ?? 0
                }
                if Int.random(in: 0..<10, using: &numbers) == 0 {
                    bytes.removeLast(Int.random(in: 0..<bytes.count, using: &numbers))
                }
                do { try readAll(ExtentList(bytes: bytes)) } catch { errors += 1 }
            }
            #expect(errors > 10)
        }
    }

    private func readAll(_ image: ExtentList) throws {
        let reader = try EROFS.Reader(image)
        try reader.walk { _, inode in
            _ = try reader.attributes(of: inode)
            if inode.hasContents, inode.size < 8 << 20 { try reader.read(inode) { _ in } }
        }
    }
}
