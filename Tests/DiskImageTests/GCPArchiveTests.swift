import DiskImage
import Extents
import TestSupport
import Testing

@Suite struct GCPArchiveTests {
    static let tar = Oracle("tar")

    @Test(arguments: [1, 2, 9])
    func tarListsAndExtractsTheDisk(gibibytes: UInt64) async throws {
        try await withTemporaryDirectory { folder in
            // Many ranges, the last of them beyond what eleven octal digits can say when the disk is large.
            let size = gibibytes << 30
            var disk = ExtentList()
            for index in 0..<60 as Range<UInt64> {
                disk.pad(to: index * (size / 60) / 512 * 512)
                disk.append(.bytes([UInt8](repeating: UInt8(index + 1), count: 70_000)))
            }
            disk.pad(to: size)
            try ExtentWriter.write(disk, to: "\(folder)/raw")
            try ExtentWriter.write(try GCPArchive.encode(disk), to: "\(folder)/a.tar")
            let listed = try await Self.tar("-tvf", "\(folder)/a.tar")
            #expect(listed == "-rw-r--r-- root/root \(size) 1970-01-01 00:00 disk.raw\n")
            try await Self.tar("-C", folder, "-xf", "\(folder)/a.tar")
            try await ContainerTests.qemuImage(
                "compare", "-f", "raw", "-F", "raw", "\(folder)/raw", "\(folder)/disk.raw")
            #expect(try GCPArchive.read(try ExtentList(file: "\(folder)/a.tar")).length == size)
        }
    }

    @Test func aDiskThatEndsWithDataIsWhole() async throws {
        try await withTemporaryDirectory { folder in
            let disk = ExtentList([.hole((1 << 30) - 5), .bytes([1, 2, 3, 4, 5])])
            try ExtentWriter.write(try GCPArchive.encode(disk), to: "\(folder)/a.tar")
            try await Self.tar("-C", folder, "-xf", "\(folder)/a.tar")
            let back = try GCPArchive.read(try ExtentList(file: "\(folder)/a.tar"))
            #expect(back.dataRanges == [(1 << 30) - 65536..<1 << 30])
            #expect(try ExtentReader.bytes(of: back[(1 << 30) - 5..<1 << 30]) == [1, 2, 3, 4, 5])
            let file = try ExtentList(file: "\(folder)/disk.raw")
            #expect(file.length == 1 << 30)
            #expect(try ExtentReader.bytes(of: file[(1 << 30) - 6..<1 << 30]) == [0, 1, 2, 3, 4, 5])
        }
    }

    @Test func anotherSizeIsAnError() {
        #expect(throws: DiskImageError.self) { try GCPArchive.encode(ExtentList([.hole(1 << 29)])) }
    }
}
