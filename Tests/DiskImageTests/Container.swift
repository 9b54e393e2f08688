import DiskImage
import Extents
import TestSupport
import Testing

/// The containers, each as it is written and read.
struct Container: Sendable, CustomTestStringConvertible {
    let name: String
    /// What QEMU calls it.
    let format: String
    /// Whether `qemu-img check` knows it.
    let isChecked: Bool
    let write: @Sendable (ExtentList, String) throws -> Void
    let read: @Sendable (ExtentList) throws -> ExtentList

    var testDescription: String { name }

    static let all: [Container] = [
        Container(
            name: "qcow2", format: "qcow2", isChecked: true,
            write: { try ExtentWriter.write(QCOW2.encode($0), to: $1) },
            read: { try QCOW2.read($0).contents() }),
        Container(
            name: "qcow2 compressed", format: "qcow2", isChecked: true,
            write: { disk, path in try ExtentWriter.stream(to: path) { try QCOW2.writeCompressed(disk, to: &$0) } },
            read: { try QCOW2.read($0).contents() }),
        Container(
            name: "vmdk", format: "vmdk", isChecked: true,
            write: { disk, path in
                try ExtentWriter.stream(to: path) { sink in
                    try VMDK.writeStreamOptimized(disk, name: "disk.vmdk") { try sink.write($0) }
                }
            },
            read: { try VMDK.read($0).contents() }),
        Container(
            name: "vhd", format: "vpc", isChecked: false, write: { try ExtentWriter.write(try VHD.fixed($0), to: $1) },
            read: { try VHD.read($0).contents() }),
        Container(
            name: "dynamic vhd", format: "vpc", isChecked: false,
            write: { try ExtentWriter.write(try VHD.dynamic($0), to: $1) },
            read: { try VHD.read($0).contents() }),
    ]
}

extension ExtentList {
    /// Bytes that look random and are the same in each run.
    static func random(_ count: Int, _ seed: UInt64) -> ExtentList {
        var state = seed
        return ExtentList(
            bytes: (0..<count).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return UInt8(truncatingIfNeeded: state >> 56)
            })
    }

    static func zeros(_ count: UInt64) -> ExtentList { ExtentList([.hole(count)]) }
}

/// Disks of several shapes: where their data are, and how well they compress.
struct SampleDisk: Sendable, CustomTestStringConvertible {
    let name: String
    /// In bytes.
    let size: UInt64
    /// Where data are, and whether they are random (else text that compresses).
    let pieces: [(offset: UInt64, length: UInt64, isRandom: Bool)]

    var testDescription: String { name }

    static let all: [SampleDisk] = [empty, full, text, odd, mixed, large, larger]

    static let empty = SampleDisk(name: "empty", size: 1 << 20, pieces: [])
    static let small = SampleDisk(name: "small", size: 448 << 10, pieces: [(0, 70_000, false), (300_000, 5000, true)])
    static let full = SampleDisk(name: "full", size: 512 << 10, pieces: [(0, 512 << 10, true)])
    static let text = SampleDisk(name: "text", size: 3 << 20, pieces: [(0, 3 << 20, false)])
    static let odd = SampleDisk(
        name: "odd", size: 5 << 20,
        pieces: [(1, 3, false), (65535, 2, true), (200_000, 70_001, true), (5_242_368, 512, false)])
    static let mixed = SampleDisk(name: "mixed", size: 24 << 20, pieces: (0..<24).map(piece))
    static let large = SampleDisk(
        name: "beyond 4 GiB", size: 5 << 30,
        pieces: [
            (0, 4096, true), (0x7fff_f000, 8192, true), (0x1_0000_0200, 300_000, false), (0x1_3fff_fc00, 1024, true),
        ])
    static let larger = SampleDisk(
        name: "10 GiB", size: 10 << 30, pieces: [(1 << 20, 300_000, true), (9 << 30, 4096, false)])

    private static func text(_ length: Int) -> [UInt8] {
        var text: [UInt8] = []
        for line in 0...length / 97 { text.append(contentsOf: repeatElement(UInt8(65 + line % 23), count: 97)) }
        return Array(text.prefix(length))
    }

    private static func piece(_ index: UInt64) -> (offset: UInt64, length: UInt64, isRandom: Bool) {
        (index << 20, (1 + index % 5) * 40_000, index % 3 == 0)
    }

    /// Half of the data come from a file in the folder, half are in memory.
    func extents(in folder: String) throws -> ExtentList {
        var random = Numbers(size)
        let source = "\(folder)/data"
        let longest = pieces.map(\.length).max() ?? 1
        try TestFile.write(random.bytes(Int(longest)), to: source)
        let file = try SourceFile(source)
        var disk = ExtentList()
        for piece in pieces {
            disk.pad(to: piece.offset)
            if piece.isRandom {
                disk.append(.file(FileRange(file, length: piece.length)))
            } else {
                disk.append(.bytes(Self.text(Int(piece.length))))
            }
        }
        disk.pad(to: size)
        return disk
    }
}
