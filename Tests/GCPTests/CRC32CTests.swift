import CLinux
import Extents
import TestSupport
import Testing

@testable import GCP

struct CRC32CTests {
    /// RFC 3720, appendix B.4, and the check value of the catalogue of CRCs.
    static let known: [([UInt8], UInt32)] = [
        ([UInt8](repeating: 0, count: 32), 0x8A91_36AA), ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
        (Array(UInt8(0)..<32), 0x46DD_794E), (Array((UInt8(0)..<32).reversed()), 0x113F_DB5C),
        (Array("123456789".utf8), 0xE306_9283),
        ([], 0),
    ]

    @Test(arguments: known)
    func knownValues(bytes: [UInt8], expected: UInt32) {
        var check = CRC32C()
        bytes.withUnsafeBytes { check.update($0) }
        #expect(check.value == expected)
        #expect(~moby_crc32c_table(.max, bytes, bytes.count) == expected)
    }

    /// Short pieces, and those in which several stretches are done at once.
    @Test(arguments: [4099, 12287, 12288, 40_000, 100_003]) func piecesAndImplementationsAgree(length: Int) {
        var numbers = Numbers(UInt64(length))
        let bytes = (0..<100_003).map { _ in UInt8.random(in: 0...255, using: &numbers) }
        var check = CRC32C()
        bytes.withUnsafeBytes { all in
            for start in stride(from: 0, to: all.count, by: length) {
                check.update(UnsafeRawBufferPointer(rebasing: all[start..<min(start + length, all.count)]))
            }
        }
        #expect(check.value == ~moby_crc32c_table(.max, bytes, bytes.count))
    }

    /// The most significant byte comes first ("Hashes and ETags").
    @Test func textIsBigEndianBase64() { #expect(UploadSource.text(0xE306_9283) == "4waSgw==") }
}
