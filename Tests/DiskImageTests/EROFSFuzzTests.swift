import Archive
import Extents
import TestSupport
import Testing

@testable import DiskImage

/// Damaged images: the reader ends, with an error or without, and never traps.
@Suite struct EROFSFuzzTests {
    @Test(arguments: 0..<6) func survivesDamage(seed: UInt64) async throws {
        try await withTemporaryDirectory { folder in
            var numbers = Numbers(seed)
            let tree = EROFSTree(seed: seed, names: 40).tree
            let image = try EROFS.compressedImage(of: tree, scratch: folder + "/clusters")
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
                    let place = Int.random(in: range, using: &numbers)
                    bytes[place] =
                        [0, 0xFF, bytes[place] ^ 1, UInt8.random(in: 0...255, using: &numbers)].randomElement(
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
