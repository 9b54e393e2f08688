import Extents
import TestSupport
import Testing

@testable import DiskImage

@Suite struct PartitionTests {
    static let identity = Array("web".utf8)
    static let sample = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }

    private func gpt(_ count: Int = 2, minimumSize: UInt64 = 0, unit: UInt64 = 1 << 20) throws -> ExtentList {
        let partitions = (0..<count).map { index in
            GPT.Partition(
                type: index == 0 ? .efiSystem : .linuxFileSystem, name: "part ä\(index)",
                content: ExtentList([.bytes(Self.sample), .hole(UInt64(index << 20))]),
                attributes: index == 0 ? GPT.Partition.legacyBootable : 0)
        }
        return try GPT.disk(
            partitions: partitions, bootCode: [1, 2, 3], identity: Self.identity, minimumSize: minimumSize,
            sizeUnit: unit)
    }

    @Test(
        arguments: [
            (0, 0, 1 << 20), (1, 0, 1 << 20), (3, 0, 512), (5, 50_000_001, 1 << 20), (1, 1, 1 << 30),
            (2, 3 << 40, 1 << 20),
        ]
            as [(Int, UInt64, UInt64)])
    func sgdiskAndSfdiskAreContent(count: Int, minimumSize: UInt64, unit: UInt64) async throws {
        let disk = try gpt(count, minimumSize: minimumSize, unit: unit)
        #expect(disk.length >= minimumSize && disk.length % unit == 0)
        try await withTemporaryDirectory { folder in
            try ExtentWriter.write(disk, to: "\(folder)/d.img")
            let found = try await Oracle("sgdisk")("-v", "\(folder)/d.img")
            #expect(found.contains("No problems found"), "\(found)")
            if count > 0 { try await Oracle("sfdisk")("-V", "-q", "\(folder)/d.img") }
            let list = try await Oracle("sgdisk")("-p", "\(folder)/d.img")
            #expect(list.split(separator: "\n").filter { $0.contains("part ä") }.count == count, "\(list)")
        }
    }

    @Test func sgdiskSeesTypeNameAndAttributes() async throws {
        let disk = try gpt()
        try await withTemporaryDirectory { folder in
            try ExtentWriter.write(disk, to: "\(folder)/d.img")
            let found = try await Oracle("sgdisk")("-i", "1", "\(folder)/d.img")
            #expect(found.contains("C12A7328-F81F-11D2-BA4B-00A0C93EC93B (EFI system partition)"), "\(found)")
            #expect(found.contains("Attribute flags: 0000000000000004"), "\(found)")
            #expect(found.contains("First sector: 2048"), "\(found)")
            let table = try GPT.Table(disk)
            #expect(found.contains("Partition unique GUID: \(table.entries[0].guid)"), "\(found) \(table)")
        }
    }

    @Test func whatIsWrittenIsRead() throws {
        let disk = try gpt()
        let table = try GPT.Table(disk)
        #expect(table.entries.map(\.number) == [1, 2])
        #expect(table.entries.map(\.name) == ["part ä0", "part ä1"])
        #expect(table.entries.map(\.type) == [.efiSystem, .linuxFileSystem])
        #expect(table.entries[0].attributes == GPT.Partition.legacyBootable)
        #expect(table.entries[0].range.lowerBound == 1 << 20)
        #expect(
            try disk.bytes(at: table.entries[1].range.lowerBound, count: 100_000)
                == Self.sample)
        #expect(try MBR.entries(of: disk) == [MBR.Entry(type: 0xEE, start: 1, sectors: UInt32(disk.length / 512 - 1))])
        #expect(try disk.bytes(at: 0, count: 3) == [1, 2, 3])
    }

    @Test func identityMakesTheGUIDs() throws {
        let a = GUID(identity: Self.identity, purpose: "disk")
        #expect(a == GUID(identity: Self.identity, purpose: "disk"))
        #expect(a != GUID(identity: Self.identity, purpose: "other"))
        #expect(a != GUID(identity: [1], purpose: "disk"))
        #expect(GUID("\(a)") == a)
        #expect("\(a)".split(separator: "-").map(\.count) == [8, 4, 4, 4, 12])
        #expect(GUID("C12A7328") == nil)
        #expect("\(GUID.efiSystem)" == "C12A7328-F81F-11D2-BA4B-00A0C93EC93B")
    }

    @Test func masterBootRecord() async throws {
        let disk = try MBR.disk(
            partition: .random(3_000_001, 1), type: 0x0C, bootCode: [9], identity: Self.identity,
            minimumSize: 10_000_000)
        #expect(disk.length == 10 << 20)
        #expect(try MBR.entries(of: disk) == [MBR.Entry(isActive: true, type: 0x0C, start: 2048, sectors: 5860)])
        try await withTemporaryDirectory { folder in
            try ExtentWriter.write(disk, to: "\(folder)/d.img")
            try await Oracle("sfdisk")("-V", "-q", "\(folder)/d.img")
            let list = try await Oracle("sfdisk")("-d", "\(folder)/d.img")
            #expect(list.contains("start=        2048, size=        5860, type=c, bootable"), "\(list)")
        }
    }

    @Test func refuses() throws {
        let long = GPT.Partition(type: .biosBoot, name: String(repeating: "n", count: 37), content: .zeros(1))
        let cases: [(() throws -> Void, String)] = [
            ({ _ = try gpt(129) }, "129 partitions; the limit is 128"),
            (
                { _ = try GPT.disk(partitions: [long], identity: []) },
                "partition name 'nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn' exceeds 36 UTF-16 units"
            ),
            (
                { _ = try MBR.sector(bootCode: [UInt8](repeating: 0, count: 441), signature: 0, entries: []) },
                "boot code of 441 bytes; the limit in a master boot record is 440"
            ),
            (
                { _ = try MBR.disk(partition: .zeros(1 << 41), type: 12, bootCode: [], identity: []) },
                "a partition of 2199023255552 bytes, at most 2 TiB in a master boot record"
            ),
            (
                {
                    _ = try MBR.disk(
                        partition: .zeros(4096), type: 12, bootCode: [], identity: [], minimumSize: 3 << 40)
                },
                "a disk of 3298534883328 bytes, at most 2199023255552 bytes (2 TiB) with a master boot record"
            ),
            ({ _ = try MBR.entries(of: .zeros(511)) }, "no master boot record: only 511 bytes"),
            ({ _ = try MBR.entries(of: .zeros(512)) }, "no master boot record: no 55 AA at its end"),
            ({ _ = try GPT.Table(.zeros(1023)) }, "no GPT: only 1023 bytes"),
            ({ _ = try GPT.Table(.zeros(1024)) }, "no GPT: no 'EFI PART' at byte 512"),
            ({ _ = try GPT.Table(gpt()[0..<1 << 20]) }, "partition 1 from LBA 2048 to 2243 on a disk of 2048 sectors"),
            (
                {
                    _ = try MBR.entries(
                        of: MBR.disk(partition: .zeros(4096), type: 12, bootCode: [], identity: [])[0..<1024])
                },
                "a partition up to byte 1052672 on a disk of 1024 bytes"
            ),
        ]
        for (make, message) in cases {
            let error = #expect(throws: DiskImageError.self) { try make() }
            #expect(error?.description == message)
        }
    }

    @Test(arguments: [
        (512, "no GPT: no 'EFI PART' at byte 512"), (600, "GPT header with a wrong checksum"),
        (1030, "GPT entries with a wrong checksum"),
    ])
    func theSecondTableServesWhenTheFirstIsDamaged(position: Int, problem: String) throws {
        let disk = try gpt()
        let good = try GPT.Table(disk)
        #expect(good.problem == nil)
        var head = try disk.bytes(at: 0, count: 2048)
        head[position] ^= 0x41
        var damaged = ExtentList(bytes: head)
        damaged.append(disk[2048..<disk.length])
        let table = try GPT.Table(damaged)
        #expect(table.problem == problem)
        #expect(table.disk == good.disk && table.entries.map(\.range) == good.entries.map(\.range))
        // Both damaged: the first is reported.
        var tail = try disk.bytes(at: disk.length - 512, count: 512)
        tail[0] = 0
        var neither = damaged[0..<disk.length - 512]
        neither.append(.bytes(tail))
        #expect { try GPT.Table(neither) } throws: { "\($0)" == problem }
    }

    /// Damage ends in an error, or in partitions that lie within the disk.
    @Test(arguments: 0..<4)
    func damagedTablesAreSurvived(seed: UInt64) throws {
        let good = try ExtentReader.bytes(of: gpt())
        var numbers = Numbers(seed)
        for _ in 0..<300 {
            var bytes = Array(good.prefix(40_000))
            for _ in 0..<Int.random(in: 1...4, using: &numbers) {
                bytes[Int.random(in: 440..<1400, using: &numbers)] =
                    [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &numbers) ?? 0
            }
            bytes.replaceSubrange(16 + 512..<20 + 512, with: crc(bytes))
            let disk = ExtentList([.bytes(bytes), .hole(UInt64(good.count - bytes.count))])
            do {
                for entry in try GPT.Table(disk).entries { #expect(entry.range.upperBound <= disk.length) }
                for entry in try MBR.entries(of: disk) {
                    #expect(entry.type == 0xEE || entry.range.upperBound <= disk.length)
                }
            } catch is DiskImageError {
            } catch is ExtentError {
            }
        }
    }

    /// The checksum of the header as it is, so that damage gets by it.
    private func crc(_ disk: [UInt8]) -> [UInt8] {
        var header = Array(disk[512..<512 + 92])
        header.replaceSubrange(16..<20, with: [0, 0, 0, 0])
        var value: UInt32 = .max
        for byte in header {
            value ^= UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
        }
        return (0..<4).map { UInt8(truncatingIfNeeded: ~value >> ($0 * 8)) }
    }

    /// A file that cannot be read is not a damaged table.
    @Test func anUnreadableTableIsAnErrorOfTheFile() async throws {
        try await withTemporaryDirectory { folder in
            try ExtentWriter.write(ExtentList([.hole(1 << 20)]), to: "\(folder)/disk")
            let gone = try ExtentList(file: "\(folder)/disk")
            try FolderTree.remove("\(folder)/disk")
            var disk = ExtentList([.hole(4096)])
            disk.append(gone)
            #expect(throws: FileError.self) { try GPT.Table(disk) }
            #expect(throws: FileError.self) { try GPT.Table.length(of: gone) }
            #expect(throws: FileError.self) { try VHD.salvage(gone) }
        }
    }
}
