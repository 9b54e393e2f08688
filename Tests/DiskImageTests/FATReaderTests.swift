import DiskImage
import Extents
import TestSupport
import Testing

@Suite struct FATReaderTests {
    private static let files = FATTests.files + [FAT.File("DEEP/a/b/c/𝄞 music", .random(70_000, 9))]

    @Test(arguments: [0, 17_000_000, 300_000_000] as [UInt64])
    func readsWhatIsWritten(size: UInt64) throws {
        let volume = try FAT.volume(files: Self.files, label: "MOBY", serial: 1, minimumSize: size)
        let reader = try FAT.Reader(volume.content)
        #expect(reader.geometry == volume.geometry)
        #expect(reader.label == "MOBY")
        let entries = try reader.entries()
        let found = entries.filter { !$0.isDirectory }
        // Directories keep the name that they were given first.
        #expect(Set(found.map { $0.path.lowercased() }) == Set(Self.files.map { $0.path.lowercased() }))
        for entry in found {
            let file = try #require(Self.files.first { $0.path.lowercased() == entry.path.lowercased() })
            #expect(
                try ExtentReader.bytes(of: reader.content(of: entry)) == ExtentReader.bytes(of: file.content),
                "\(entry.path)")
        }
        #expect(
            entries.filter(\.isDirectory).map(\.path).sorted() == [
                "DEEP", "DEEP/a", "DEEP/a/b", "DEEP/a/b/c", "EFI", "EFI/BOOT", "loader", "loader/entries",
            ])
    }

    /// A volume that other tools made and fragmented.
    @Test(arguments: [("12", "64"), ("16", "4"), ("32", "1")])
    func readsWhatOthersWrote(bits: String, sectors: String) async throws {
        try await withTemporaryDirectory { folder in
            let image = "\(folder)/v.img"
            try await Oracle("truncate")("-s", "64M", image)
            try await Oracle("mkfs.fat")("-F", bits, "-s", sectors, "-n", "OTHER", image)
            let parts = (0..<6).map { ExtentList.random(40_000 + $0, UInt64($0)) }
            for (index, part) in parts.enumerated() { try ExtentWriter.write(part, to: "\(folder)/part \(index).bin") }
            try await Oracle("mmd")("-i", image, "::/some directory")
            for index in [0, 1, 2, 3] {
                try await Oracle("mcopy")("-i", image, "\(folder)/part \(index).bin", "::/some directory/")
            }
            try await Oracle("mdel")("-i", image, "::/some directory/part 0.bin", "::/some directory/part 2.bin")
            try ExtentWriter.write(.random(100_000, 7), to: "\(folder)/large")
            try await Oracle("mcopy")("-i", image, "\(folder)/large", "::/LARGE")
            let reader = try FAT.Reader(ExtentList(file: image))
            #expect(reader.label == "OTHER" && reader.geometry.kind.rawValue == "FAT\(bits)")
            let entries = try reader.entries()
            #expect(
                Set(entries.map(\.path)) == [
                    "some directory", "some directory/part 1.bin", "some directory/part 3.bin", "LARGE",
                ])
            for (path, content) in [("LARGE", ExtentList.random(100_000, 7)), ("some directory/part 3.bin", parts[3])] {
                let entry = try #require(entries.first { $0.path == path })
                #expect(try ExtentReader.bytes(of: reader.content(of: entry)) == ExtentReader.bytes(of: content))
            }
        }
    }

    @Test func refusesOtherBytes() throws {
        let good = try FAT.volume(files: Self.files, serial: 1).content
        func damaged(_ offset: Int, _ bytes: [UInt8]) throws -> ExtentList {
            var all = try ExtentReader.bytes(of: good)
            all.replaceSubrange(offset..<offset + bytes.count, with: bytes)
            return ExtentList(bytes: all)
        }
        let cases: [(ExtentList, String)] = [
            (.zeros(100), "only 100 bytes"), (.zeros(1 << 20), "no 55 AA at the end of its first sector"),
            (try damaged(0x0B, [0, 16]), "sectors of 4096 bytes, expected 512"),
            (try damaged(0x0D, [3]), "3 sectors in a cluster, expected a power of 2"),
            (good[0..<4096], "\(good.length / 512) sectors, but the volume has 4096 bytes"),
            (try damaged(0x11, [0, 0]), "FAT16 with 0 root entries"),
        ]
        for (content, message) in cases {
            let error = #expect(throws: DiskImageError.self) { try FAT.Reader(content) }
            #expect(error?.description == "not a usable FAT volume: \(message)")
        }
    }

    /// A chain that goes in a circle would fill memory before it ends.
    @Test func aFileOfTooManyPiecesIsAnError() async throws {
        try await withTemporaryDirectory { folder in
            let volume = try FAT.volume(files: [FAT.File("LARGE", .zeros(3 << 30))], serial: 1)
            let reserved = try volume.content.bytes(at: 0x0E, count: 2)
            let table = (UInt64(reserved[0]) + UInt64(reserved[1]) << 8) * 512
            var circle = ByteBuilder()
            // From every cluster to the next but one, and back.
            for cluster in 0..<volume.geometry.clusters { circle.u32le(3 + UInt32(cluster % 2) * 2) }
            var damaged = volume.content[0..<table]
            damaged.append(.bytes(circle.bytes))
            damaged.append(volume.content[damaged.length..<volume.content.length])
            // Pieces of a file stay apart, unlike those of a hole.
            try ExtentWriter.write(damaged, to: folder + "/image")
            let reader = try FAT.Reader(ExtentList(file: folder + "/image"))
            let entry = try #require(try FAT.Reader(volume.content).entries().first)
            #expect { try reader.content(of: entry) } throws: { "\($0)".contains("more than 262144 pieces") }
        }
    }

    /// Damage anywhere in tables and directories ends in files or in an error, and ends.
    @Test(arguments: 0..<8)
    func damagedVolumesAreSurvived(seed: UInt64) throws {
        let volume = try FAT.volume(files: Self.files, serial: 1, minimumSize: seed % 2 == 0 ? 0 : 300_000_000)
        let head = try ExtentReader.bytes(of: volume.content[0..<2 << 20])
        let first = Int(volume.offsets.values.min() ?? 0)
        var numbers = Numbers(seed)
        for _ in 0..<60 {
            var bytes = head
            let ranges = [0..<512, 4096..<20_000, max(0, first - 16_384)..<first]
            for _ in 0..<Int.random(in: 1...20, using: &numbers) {
                let position = Int.random(in: ranges.randomElement(using: &numbers) ?? 0..<512, using: &numbers)
                bytes[position] = [0, 1, 2, 0x0F, 0x7F, 0x80, 0xFF].randomElement(using: &numbers) ?? 0
            }
            let content = ExtentList([.bytes(bytes), .hole(volume.content.length - UInt64(bytes.count))])
            do {
                let reader = try FAT.Reader(content)
                for entry in try reader.entries() where !entry.isDirectory {
                    #expect(try reader.content(of: entry).length == entry.size)
                }
            } catch is DiskImageError {
            } catch is ExtentError {
            }
        }
    }
}
