import Foundation
import TestSupport
import Testing

@testable import GuestMetadata

/// Base64, gzip and XML against other programs.
struct EncodingTests {
    @Test func decodesBase64() throws {
        var numbers = Numbers(81)
        for count in 0..<100 {
            let bytes = numbers.bytes(count)
            let text = Data(bytes).base64EncodedString(options: .lineLength64Characters)
            #expect(try Base64.decode(text, of: "x") == bytes)
            #expect(try Base64.decode(text.filter { $0 != "=" }, of: "x") == bytes)
        }
        for text in ["A", "AA=A", "A*", "é"] {
            #expect(throws: MetadataError.self) { try Base64.decode(text, of: "x") }
        }
    }

    /// Stored, fixed and dynamic blocks, long matches, and random data.
    @Test(arguments: ["-1", "-6", "-9"])
    func decompressesGzip(level: String) async throws {
        var numbers = Numbers(82)
        try await withTemporaryDirectory { folder in
            let samples: [[UInt8]] = [
                [], Array("hello\n".utf8), Array(repeating: 0x61, count: 100_000), numbers.bytes(200_000),
                (0..<50_000).flatMap { Array("line \($0 % 977)\n".utf8) },
            ]
            for (index, bytes) in samples.enumerated() {
                let path = "\(folder)/\(index)"
                try Data(bytes).write(to: URL(filePath: path))
                try await Oracle("gzip")(level, "-k", path)
                let packed = [UInt8](try Data(contentsOf: URL(filePath: path + ".gz")))
                #expect(try Gzip.expanded(packed, of: "x") == bytes)
            }
        }
    }

    @Test func refusesDamage() async throws {
        var numbers = Numbers(83)
        try await withTemporaryDirectory { folder in
            let path = folder + "/x"
            try Data((0..<2000).flatMap { Array("line \($0 % 97)\n".utf8) }).write(to: URL(filePath: path))
            try await Oracle("gzip")(path)
            let packed = [UInt8](try Data(contentsOf: URL(filePath: path + ".gz")))
            for _ in 0..<2000 {
                var bytes = packed
                bytes[.random(in: 18..<bytes.count, using: &numbers)] ^= UInt8.random(in: 1...255, using: &numbers)
                #expect(throws: MetadataError.self) { try Gzip.expanded(bytes, of: "x") }
            }
            for count in [2, 9, 17, 30, packed.count - 1] {
                #expect(throws: MetadataError.self) { try Gzip.expanded(Array(packed.prefix(count)), of: "x") }
            }
            #expect(throws: MetadataError("x: decompresses to more than 100 bytes")) {
                try Gzip.expanded(packed, of: "x", limit: 100)
            }
        }
    }

    @Test func readsElements() {
        let text = #"<a:b x="1"><c/><c>1 &lt; 2</c><d:c y='2'> 3 </d:c></a:b><e></e>"#
        #expect(XMLText.elements("c", in: text) == ["1 < 2", "3"])
        #expect(XMLText.element("e", in: text) == "" && XMLText.element("f", in: text) == nil)
        #expect(XMLText.unescaped(XMLText.escaped("<&amp;>\"'")) == "<&amp;>\"'")
    }
}
