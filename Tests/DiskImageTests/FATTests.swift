import DiskImage
import Extents
import TestSupport
import Testing

@Suite struct FATTests {
    static let long = "a long name of more than thirteen letters, with 'odd' + (legal) ones = ä€.config"

    static let files: [FAT.File] = [
        FAT.File("EFI/BOOT/BOOTX64.EFI", .random(300_001, 1)),
        FAT.File("loader/entries/moby.conf", .random(77, 2)),
        FAT.File("loader/loader.conf", .random(4096, 3)),
        FAT.File("syslinux.cfg", .random(5, 4), attributes: [.readOnly, .hidden, .system]),
        FAT.File(long, .random(513, 5)),
        FAT.File("A LONG.NAME.TXT", .random(1, 6)),
        FAT.File("along.name.txt", .random(4095, 7)),
        FAT.File("efi/boot/.hidden", .random(9000, 8)),
        FAT.File("EMPTY", ExtentList()),
    ]

    /// Sizes that make FAT16 of each cluster length and FAT32.
    static let volumes: [(size: UInt64, kind: FAT.Geometry.Kind, cluster: UInt64)] = [
        (0, .fat16, 512), (2_200_000, .fat16, 512), (5_000_000, .fat16, 1024), (9_000_000, .fat16, 2048),
        (17_000_000, .fat16, 4096),
        (268_000_000, .fat16, 4096), (300_000_000, .fat32, 4096), (9_000_000_000, .fat32, 4096),
    ]

    @Test(arguments: volumes)
    func judgesAreContent(size: UInt64, kind: FAT.Geometry.Kind, cluster: UInt64) async throws {
        let volume = try FAT.volume(
            files: Self.files, label: "MOBY TEST", serial: 0x1234_ABCD, hiddenSectors: 2048, minimumSize: size,
            time: 1_700_000_001)
        #expect(volume.content.length >= size && volume.content.length < max(size, 2_000_000) + 500_000)
        #expect((volume.geometry.kind, volume.geometry.clusterLength) == (kind, cluster))
        #expect(volume.content.length == volume.geometry.length)
        try await check(volume, Self.files)
    }

    /// fsck.fat finds nothing; mtools list and read the files; their places hold them.
    private func check(_ volume: FAT.Volume, _ files: [FAT.File]) async throws {
        try await withTemporaryDirectory { folder in
            try ExtentWriter.write(volume.content, to: "\(folder)/v.img")
            let found = try await Oracle("fsck.fat")("-n", "-v", "\(folder)/v.img")
            #expect(!found.contains("differ") && !found.contains("rong") && !found.contains("corrupt"), "\(found)")
            for file in files {
                let path = "::/\(file.path)"
                try await Oracle("mcopy")(
                    "-i", "\(folder)/v.img", path, "\(folder)/copy", environment: ["LC_ALL": "C.UTF-8"])
                #expect(try TestFile.read("\(folder)/copy") == ExtentReader.bytes(of: file.content), "\(file.path)")
                try await Oracle("rm")("-f", "\(folder)/copy")
                guard file.content.length > 0 else { continue }
                let offset = try #require(volume.offsets[file.path])
                #expect(
                    try volume.content.bytes(at: offset, count: Int(file.content.length))
                        == ExtentReader.bytes(of: file.content))
                #expect(file.content.length < 4096 || offset % 4096 == 0)
            }
        }
    }

    @Test func namesDatesAndLabelAreThoseOfTheList() async throws {
        let volume = try FAT.volume(files: Self.files, label: "MOBY TEST", serial: 0x1234_ABCD, time: 1_700_000_001)
        try await withTemporaryDirectory { folder in
            try ExtentWriter.write(volume.content, to: "\(folder)/v.img")
            let list = try await Oracle("mdir")(
                "-i", "\(folder)/v.img", "-a", "::/", environment: ["LC_ALL": "C.UTF-8"])
            #expect(list.contains("Volume in drive : is MOBY TEST"))
            #expect(list.contains("Volume Serial Number is 1234-ABCD"))
            #expect(list.contains("SYSLINUX CFG         5 2023-11-14  22:13  syslinux.cfg"), "\(list)")
            #expect(list.contains("EMPTY                0 2023-11-14  22:13"), "\(list)")
            #expect(list.contains("ALONGN~1 TXT         1 2023-11-14  22:13  A LONG.NAME.TXT"), "\(list)")
            #expect(list.contains("ALONGN~2 TXT      4095 2023-11-14  22:13  along.name.txt"), "\(list)")
            #expect(list.contains(Self.long), "\(list)")
            let attributes = try await Oracle("mattrib")("-i", "\(folder)/v.img", "::/syslinux.cfg")
            #expect(attributes.contains("SHR"), "\(attributes)")
        }
    }

    @Test func manyFilesWithTheSameBeginning() async throws {
        let files = (0..<700).map { FAT.File("a directory/many files of one kind \($0).txt", .random(10, UInt64($0))) }
        let volume = try FAT.volume(
            files: files + (0..<600).map { FAT.File("in the root \($0)", ExtentList()) }, serial: 1)
        try await withTemporaryDirectory { folder in
            try ExtentWriter.write(volume.content, to: "\(folder)/v.img")
            try await Oracle("fsck.fat")("-n", "\(folder)/v.img")
            let names = try await Oracle("mdir")("-i", "\(folder)/v.img", "-b", "::/a directory")
            #expect(names.split(separator: "\n").count == 700)
        }
    }

    @Test func payloadsAreNotRead() throws {
        let big = ExtentList([.hole(4_294_967_295)])
        let volume = try FAT.volume(files: (0..<3).map { FAT.File("file\($0)", big) }, serial: 1)
        #expect(volume.geometry.kind == .fat32)
        #expect(volume.content.length > 3 * big.length)
        #expect(try FAT.volume(files: [], serial: 7).content.length > 2_000_000)
    }

    @Test func sameInputSameBytes() throws {
        let volumes = try (0..<2).map { _ in
            try ExtentReader.bytes(of: FAT.volume(files: Self.files, serial: 5).content)
        }
        #expect(volumes[0] == volumes[1])
    }

    static let twice = " exists twice: FAT ignores case"

    static let refused: [(files: [FAT.File], label: String, message: String)] = [
        ([FAT.File("a/B", .zeros(1)), FAT.File("A/b", .zeros(1))], "", "'A/b'" + twice),
        ([FAT.File("a", .zeros(1)), FAT.File("A/b", .zeros(1))], "", "'A/b'" + twice),
        ([FAT.File("A/b", .zeros(1)), FAT.File("a", .zeros(1))], "", "'a'" + twice),
        (
            [FAT.File("big", .zeros(4_294_967_296))], "",
            "'big' has 4294967296 bytes, at most 4294967295 bytes (4 GiB - 1) on a FAT volume"
        ),
        ([FAT.File("a//b", .zeros(1))], "", "'a//b': '' is not a valid FAT name"),
        ([FAT.File("", .zeros(1))], "", "'': '' is not a valid FAT name"),
        ([FAT.File("../b", .zeros(1))], "", "'../b': '..' is not a valid FAT name"),
        ([FAT.File("a.", .zeros(1))], "", "'a.': a name that ends with '.', which FAT does not store"),
        ([FAT.File("a:b", .zeros(1))], "", "'a:b': the character : in a name, which FAT does not allow"),
        ([FAT.File("a\nb", .zeros(1))], "", "'a\nb': the character \\n in a name, which FAT does not allow"),
        (
            [FAT.File(String(repeating: "x", count: 256), .zeros(1))], "",
            "'\(String(repeating: "x", count: 256))': a name of 256 UTF-16 units, at most 255 on a FAT volume"
        ),
        ([], "lower", "volume label 'lower', expected at most 11 of A-Z, 0-9, space and !#$%&'()-@^_`{}~"),
        (
            [], "TWELVE BYTES",
            "volume label 'TWELVE BYTES', expected at most 11 of A-Z, 0-9, space and !#$%&'()-@^_`{}~"
        ),
        (
            (0..<300).map { FAT.File("f\($0)", .zeros(4_294_967_295)) }, "",
            "a FAT volume of 1288490209280 bytes; the limit is 1 TiB"
        ),
    ]

    @Test(arguments: refused)
    func refuses(files: [FAT.File], label: String, message: String) throws {
        let error = #expect(throws: DiskImageError.self) { try FAT.volume(files: files, label: label, serial: 1) }
        #expect(error?.description == message)
        #expect(error?.hint != nil)
    }
}
