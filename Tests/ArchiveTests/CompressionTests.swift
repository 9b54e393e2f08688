import Archive
import Extents
import TestSupport
import Testing

@Suite struct CompressionTests {
    static let all: [Compression] = [.none, .gzip, .zstd(level: 1), .zstd(level: 3), .zstd(level: 19)]

    private static func text(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
        var numbers = Numbers(seed)
        var bytes: [UInt8] = []
        while bytes.count < min(count, 150_000) {
            bytes.append(contentsOf: "word \(UInt16.random(in: 0...2000, using: &numbers)) ".utf8)
        }
        while bytes.count < count { bytes += bytes }
        return Array(bytes.prefix(count))
    }

    /// Compresses in calls of random lengths.
    private func compress(_ bytes: [UInt8], _ compression: Compression, seed: UInt64 = 0, pieces: Int = 100_000) throws
        -> [UInt8]
    {
        var numbers = Numbers(seed)
        var output = ByteBuilder()
        try compression.compress(to: &output) { sink in
            var rest = bytes[...]
            while !rest.isEmpty {
                let piece = rest.prefix(Int.random(in: 1...pieces, using: &numbers))
                try sink.write(Array(piece))
                rest = rest.dropFirst(piece.count)
            }
        }
        return output.bytes
    }

    private func decompress(_ bytes: [UInt8], limit: UInt64 = .max) throws -> [UInt8] {
        var plain: [UInt8] = []
        try Compression.decompress(ExtentList(bytes: bytes), limit: limit) { plain.append(contentsOf: $0) }
        return plain
    }

    /// As ``decompress(_:limit:)``, pushed in pieces.
    private func decompress(_ bytes: [UInt8], by step: Int) throws -> [UInt8] {
        var plain: [UInt8] = []
        let decompressor = Decompressor()
        for start in stride(from: 0, to: bytes.count, by: step) {
            try bytes[start..<min(start + step, bytes.count)].withUnsafeBytes { piece in
                try decompressor.write(piece) { plain.append(contentsOf: $0) }
            }
        }
        try decompressor.finish { plain.append(contentsOf: $0) }
        return plain
    }

    /// Pieces that shrink and pieces that do not, at and around the piece's length; gzip reads one member back.
    @Test(arguments: [0, 1, 1 << 20, (1 << 20) + 1, 5 << 20]) func piecesAreOneGzipMember(length: Int) throws {
        var numbers = Numbers(7)
        let bytes = (0..<length).map {
            $0 >> 20 & 1 == 0 ? UInt8.random(in: 0 ... .max, using: &numbers) : UInt8(truncatingIfNeeded: $0 >> 7)
        }
        try withTemporaryDirectory { folder in
            let packed = Bytes()
            try GzipPieces.compress(ExtentList(bytes: bytes)) { packed.all.append(contentsOf: $0) }
            try TestFile.write(packed.all, to: "\(folder)/packed.gz")
            let answer = try run("gzip", "-dc", input: "\(folder)/packed.gz")
            #expect(answer.status == 0 && answer.errors.isEmpty)
            // Compared before it is expected: the differences of long arrays take minutes to find.
            let isSame = answer.output == bytes
            #expect(isSame, "\(answer.output.count) bytes, expected \(length): \(answer.complaint)")
            #expect(length < 4 << 20 || packed.all.count < length * 2 / 3)
        }
    }

    @Test(arguments: all, [0, 1, 3, 4, 1000, 131_072, 131_073, 5_000_000])
    func whatGoesInComesOut(compression: Compression, count: Int) throws {
        if compression == .zstd(level: 19), count > 1_000_000 { return }
        let bytes = Self.text(count)
        let packed = try compress(bytes, compression)
        #expect(try decompress(packed) == bytes)
        if count > 1000, compression != .none { #expect(packed.count < bytes.count / 2) }
    }

    /// The lengths of the calls, small or large, do not show in the result.
    @Test(arguments: all)
    func sameBytesHoweverTheyAreCut(compression: Compression) throws {
        for count in [0, 10, 100_000, 3_000_000] where count < 1_000_000 || compression != .zstd(level: 19) {
            let bytes = Self.text(count, seed: 7)
            let once = try compress(bytes, compression, seed: 1, pieces: 500)
            #expect(try compress(bytes, compression, seed: 2, pieces: 700_000) == once)
            #expect(try compress(bytes, compression, seed: 3, pieces: max(count, 1)) == once)
        }
    }

    struct Judge: CustomTestStringConvertible {
        let tool: [String]
        let compression: Compression
        var testDescription: String { tool.joined(separator: " ") }
    }

    @Test(arguments: [
        Judge(tool: ["gzip", "-dc"], compression: .gzip), Judge(tool: ["igzip", "-dc"], compression: .gzip),
        Judge(tool: ["zstd", "-dc"], compression: .zstd(level: 3)),
        // The kernel's reader takes windows up to 8 MiB; this is the size that it expects.
        Judge(tool: ["zstd", "-dc", "--memory=8MB"], compression: .zstd(level: 19)),
    ])
    func toolsReadIt(judge: Judge) throws {
        try withTemporaryDirectory { folder in
            let bytes = Self.text(900_000)
            try TestFile.write(try compress(bytes, judge.compression), to: "\(folder)/packed")
            let answer = try run(judge.tool + ["\(folder)/packed"])
            #expect(answer.status == 0)
            #expect(Array(answer.output) == bytes)
        }
    }

    @Test func zstdIsOneFrameWithAChecksum() throws {
        try withTemporaryDirectory { folder in
            try TestFile.write(try compress(Self.text(9_000_000), .zstd(level: 3)), to: "\(folder)/packed.zst")
            let answer = try run("zstd", "-lv", "\(folder)/packed.zst")
            #expect(answer.text.contains("# Zstandard Frames: 1\n"))
            #expect(answer.text.contains("Check: XXH64"))
        }
    }

    /// Jobs have one length, so that neither our two workers nor another number of them show.
    @Test(arguments: [1, 2, 4])
    func zstdIsTheSameForAnyNumberOfWorkers(count: Int) throws {
        try withTemporaryDirectory { folder in
            let bytes = Self.text(7_000_000)
            try TestFile.write(bytes, to: "\(folder)/plain")
            let answer = try run("zstd", "-3", "-T\(count)", "-B2097152", "-c", input: "\(folder)/plain")
            #expect(Array(answer.output) == (try compress(bytes, .zstd(level: 3))))
        }
    }

    @Test func gzipHeaderHasNoTimeAndNoName() throws {
        #expect(try compress(Self.text(100), .gzip).prefix(8) == [0x1f, 0x8b, 8, 0, 0, 0, 0, 0])
    }

    @Test(arguments: ["gzip -6n", "gzip -n1", "zstd -q", "zstd -q --no-check", "zstd -q -19 --long=26"])
    func readsWhatToolsWrite(tool: String) throws {
        try withTemporaryDirectory { folder in
            let bytes = Self.text(120_000, seed: 3)
            try TestFile.write(bytes, to: "\(folder)/plain")
            let packed = Array(try run(tool.split(separator: " ").map(String.init) + ["-c", "\(folder)/plain"]).output)
            #expect(try decompress(packed) == bytes)
            for step in [1, 7, 4096] { #expect(try decompress(packed, by: step) == bytes) }
        }
    }

    /// Members of all lengths, cut at all places.
    @Test(arguments: [Compression.gzip, .zstd(level: 1)], [1, 2, 3, 5, 8, 13, 1000])
    func membersAreOneStream(compression: Compression, step: Int) throws {
        var (packed, plain): ([UInt8], [UInt8]) = ([], [])
        for count in 0..<60 {
            let bytes = Self.text(count * count, seed: UInt64(count))
            plain += bytes
            packed += try compress(bytes, compression)
            if compression == .gzip, count % 7 == 0 { packed += [UInt8](repeating: 0, count: count) }
        }
        #expect(try decompress(packed, by: step) == plain)
    }

    @Test(arguments: [[0], [0, 0, 0, 1], [0x1f, 0x8b, 9, 0], [0x1f, 0x8b], Array("junk".utf8)])
    func junkBehindGzipIsIgnored(junk: [UInt8]) throws {
        let bytes = Self.text(5000)
        #expect(try decompress(try compress(bytes, .gzip) + junk) == bytes)
    }

    @Test(arguments: [Compression.gzip, .zstd(level: 3)])
    func everyTruncationIsFound(compression: Compression) throws {
        let packed = try compress(Self.text(3000), compression)
        for count in 2..<packed.count {
            // Two bytes of zstd's mark are too few to know it by.
            if case .zstd = compression, count < 4 { continue }
            #expect(throws: CompressionError.self, "\(count) bytes") { try decompress(Array(packed.prefix(count))) }
        }
    }

    @Test(arguments: [Compression.gzip, .zstd(level: 3)])
    func everyFlippedByteIsFoundOrHarmless(compression: Compression) throws {
        let bytes = Self.text(3000)
        let packed = try compress(bytes, compression)
        var found = 0
        for index in 4..<packed.count {
            var damaged = packed
            damaged[index] ^= 0x41
            do {
                // The time, the flags for text and the system of a gzip header change nothing.
                #expect(try decompress(damaged) == bytes, "byte \(index)")
            } catch is CompressionError { found += 1 }
        }
        #expect(found >= packed.count - 16)
    }

    @Test(arguments: [Compression.none, .gzip, .zstd(level: 3)])
    func bombsAreStopped(compression: Compression) throws {
        let packed = try compress([UInt8](repeating: 0, count: 2_000_000), compression)
        let error = #expect(throws: CompressionError.self) { try decompress(packed, limit: 1_999_999) }
        #expect(error?.description == "more than 1999999 bytes when decompressed")
        #expect(try decompress(packed, limit: 2_000_000).count == 2_000_000)
    }

    @Test func windowsOver64MiBAreRefused() throws {
        try withTemporaryDirectory { folder in
            // The window is what the header says; libzstd makes it smaller only when it knows the length.
            let tool = "head -c 140000000 /dev/zero | zstd -q -1 --long=27 -c > \(folder)/packed"
            let answer = try run("sh", "-c", tool)
            let packed = try TestFile.read("\(folder)/packed")
            #expect(answer.status == 0)
            let error = #expect(throws: CompressionError.self) { try decompress(packed) }
            #expect(
                error?.description
                    == "zstd: a window of more than 64 MiB is needed to unpack it; compress it again without --long")
        }
    }

    @Test func descriptionsNameLibraryAndLevel() {
        #expect(Compression.none.description == "none")
        #expect(Compression.gzip.description.wholeMatch(of: /gzip isa-l \d+\.\d+\.\d+ level 2/) != nil)
        #expect(Compression.zstd(level: 3).description.wholeMatch(of: /zstd \d+\.\d+\.\d+ level 3 job 2 MiB/) != nil)
    }
}
