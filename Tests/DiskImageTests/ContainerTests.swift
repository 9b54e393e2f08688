import DiskImage
import Extents
import TestSupport
import Testing

@Suite struct ContainerTests {
    static let qemuImage = Oracle("qemu-img")

    @Test(arguments: Container.all, SampleDisk.all)
    func qemuReadsTheSameBytes(container: Container, sample: SampleDisk) async throws {
        try await withTemporaryDirectory { folder in
            let disk = try sample.extents(in: folder)
            try ExtentWriter.write(disk, to: "\(folder)/raw")
            try container.write(disk, "\(folder)/packed")
            if container.isChecked { try await Self.qemuImage("check", "-f", container.format, "\(folder)/packed") }
            try await Self.qemuImage(
                "compare", "-f", "raw", "-F", container.format, "\(folder)/raw", "\(folder)/packed")
            let info = try await Self.qemuImage("info", "-f", container.format, "--output=json", "\(folder)/packed")
            #expect(info.contains("\"virtual-size\": \(disk.length),"))
        }
    }

    @Test(arguments: Container.all, SampleDisk.all)
    func theReaderGivesTheDiskBack(container: Container, sample: SampleDisk) async throws {
        try await withTemporaryDirectory { folder in
            let disk = try sample.extents(in: folder)
            try container.write(disk, "\(folder)/packed")
            let back = try container.read(try ExtentList(file: "\(folder)/packed"))
            #expect(back.length == disk.length)
            #expect(try sameBytes(disk, back))
            // A fixed disk has its holes in the file, where a reader does not see them.
            if container.name != "vhd" { #expect(try sameBytes(back, disk)) }
        }
    }

    @Test(arguments: Container.all)
    func theSameDiskGivesTheSameBytes(container: Container) async throws {
        try await withTemporaryDirectory { folder in
            let disk = try SampleDisk.mixed.extents(in: folder)
            try container.write(disk, "\(folder)/a")
            // The same bytes cut into other extents.
            var cut = disk[0..<77_777]
            for extent in disk[77_777..<disk.length].extents { cut.append(extent) }
            try container.write(cut, "\(folder)/b")
            #expect(try TestFile.read("\(folder)/a") == TestFile.read("\(folder)/b"))
        }
    }

    @Test(arguments: Container.all.filter { $0.name != "vhd" })
    func holesAreNotStored(container: Container) async throws {
        try await withTemporaryDirectory { folder in
            let disk = ExtentList([.hole(8 << 30), .bytes([1, 2, 3]), .hole((2 << 30) - 3)])
            try container.write(disk, "\(folder)/packed")
            #expect(try SourceFile("\(folder)/packed").size < 3 << 20)
        }
    }

    @Test func zerosThatAreNoHolesAreNotStoredCompressed() async throws {
        try await withTemporaryDirectory { folder in
            let disk = ExtentList([.bytes([UInt8](repeating: 0, count: 1 << 20))])
            try ExtentWriter.stream(to: "\(folder)/packed") { try QCOW2.writeCompressed(disk, to: &$0) }
            #expect(try SourceFile("\(folder)/packed").size == 5 << 16)
        }
    }

    @Test func aDiskOfAnotherVersionAndWithABackingFileIsNamed() async throws {
        try await withTemporaryDirectory { folder in
            try await Self.qemuImage("create", "-q", "-f", "qcow2", "-o", "compat=0.10", "\(folder)/base", "1M")
            try await Self.qemuImage("create", "-q", "-f", "qcow2", "-b", "base", "-F", "qcow2", "\(folder)/top")
            let base = try QCOW2.read(try ExtentList(file: "\(folder)/base"))
            #expect(base.version == 2)
            #expect(try base.contents().dataRanges == [])
            let top = try QCOW2.read(try ExtentList(file: "\(folder)/top"))
            #expect(top.backingFile == "base")
            #expect(throws: DiskImageError.self) { try top.contents() }
        }
    }

    @Test(arguments: [
        ("qcow2", ""), ("qcow2", "cluster_size=512"), ("qcow2", "cluster_size=2M"), ("vmdk", ""),
        ("vpc", "subformat=dynamic"),
    ])
    func readsWhatQEMUWrites(format: String, options: String) async throws {
        try await withTemporaryDirectory { folder in
            let disk = try SampleDisk.odd.extents(in: folder)
            try ExtentWriter.write(disk, to: "\(folder)/raw")
            let more = options.isEmpty ? [] : ["-o", options]
            let arguments = ["convert", "-f", "raw", "-O", format] + more + ["\(folder)/raw", "\(folder)/packed"]
            #expect(try await Self.qemuImage.run(arguments).succeeded)
            let file = try ExtentList(file: "\(folder)/packed")
            let back =
                switch format {
                case "qcow2": try QCOW2.read(file).contents()
                case "vmdk": try VMDK.read(file).contents()
                default: try VHD.read(file).contents()
                }
            #expect(try sameBytes(disk, back) && sameBytes(back[0..<disk.length], disk))
        }
    }

    /// Whether every block that has data in one list has the same bytes in the other.
    private func sameBytes(_ list: ExtentList, _ other: ExtentList) throws -> Bool {
        try list.dataBlocks(of: 65536).lazy.joined().allSatisfy { number in
            let blocks = [list, other].map { $0.blocks(number..<number + 1, of: 65536) }
            return try ExtentReader.bytes(of: blocks[0]) == ExtentReader.bytes(of: blocks[1])
        }
    }
}

struct DiskImageErrorTests {
    @Test func saysWhatItIs() { #expect("\(DiskImageError("too small", hint: "larger"))" == "too small") }
}
