import DiskImage
import Extents
import TestSupport
import Testing

@Suite struct UKITests {
    static let stubPath = "/usr/lib/systemd/boot/efi/linuxx64.efi.stub"
    static let kernel = ExtentList.random(100_001, 1)
    static let initrd = ExtentList.random(300_003, 2)

    private func sample() throws -> UKI.Image {
        try UKI.image(
            stub: ExtentList(file: Self.stubPath), osRelease: "ID=moby\n", commandLine: "console=ttyS0 quiet",
            kernel: Self.kernel,
            initrd: Self.initrd)
    }

    @Test func objdumpListsTheSections() async throws {
        let image = try sample()
        try await withTemporaryDirectory { folder in
            try ExtentWriter.write(image.content, to: "\(folder)/a.efi")
            let list = try await Oracle("objdump")("-h", "\(folder)/a.efi")
            let lines = list.split(separator: "\n").map { $0.split(separator: " ") }.filter {
                $0.count == 7 && Int($0[0]) != nil
            }
            #expect(lines.map { String($0[1]) } == image.sections.map(\.name))
            #expect(image.sections.map(\.name).suffix(5) == [".sdmagic", ".osrel", ".cmdline", ".linux", ".initrd"])
            for (line, section) in zip(lines, image.sections) {
                #expect(UInt64(line[5], radix: 16) == section.rawOffset)
                #expect(UInt64(line[3], radix: 16) == section.virtualAddress)
            }
            for (name, content) in [
                (".linux", Self.kernel), (".initrd", Self.initrd),
                (".cmdline", ExtentList(bytes: Array("console=ttyS0 quiet".utf8))),
            ] {
                try await Oracle("objcopy")("-O", "binary", "--only-section", name, "\(folder)/a.efi", "\(folder)/part")
                #expect(
                    try TestFile.read("\(folder)/part").prefix(Int(content.length))
                        == ExtentReader.bytes(of: content)[...])
            }
        }
    }

    @Test func sectionsAreWhereTheImageSaysAndLeaveNoGaps() throws {
        let image = try sample()
        let found = try PE.Headers(image.content)
        #expect(found.sections == image.sections)
        #expect(found.machine == 0x8664)
        #expect(found.certificates == nil)
        for (name, content) in [(".linux", Self.kernel), (".initrd", Self.initrd)] {
            let range = try #require(image.range(of: name))
            #expect(range.lowerBound % 4096 == 0)
            #expect(try ExtentReader.bytes(of: image.content[range]) == ExtentReader.bytes(of: content))
        }
        for (a, b) in zip(image.sections.suffix(5), image.sections.suffix(4)) {
            #expect(a.rawOffset + a.rawSize == b.rawOffset, "\(a.name)")
            #expect(a.virtualAddress + max(a.virtualSize, a.rawSize) <= b.virtualAddress, "\(a.name)")
        }
        #expect(image.sections.last.map { $0.rawOffset + $0.rawSize } == image.content.length)
    }

    @Test func refusesWhatIsNoStub() throws {
        let big = ExtentList.zeros(3 << 30)
        let cases: [(() throws -> UKI.Image, String)] = [
            ({ try image(.zeros(5000)) }, "not a usable EFI executable (PE): no 'MZ' at its start"),
            ({ try image(sample().content) }, "the EFI stub already has a section '.osrel'"),
            (
                { try image(ExtentList(file: Self.stubPath), big) },
                "a unified kernel image of 6442557440 bytes, at most 4294967295 bytes (4 GiB - 1)"
            ),
        ]
        for (make, message) in cases {
            let error = #expect(throws: DiskImageError.self) { try make() }
            #expect(error?.description == message)
        }
    }

    private func image(_ stub: ExtentList, _ payload: ExtentList = .zeros(1)) throws -> UKI.Image {
        try UKI.image(stub: stub, osRelease: "", commandLine: "", kernel: payload, initrd: payload)
    }

    /// Damaged headers end in an error or in sections that lie within the file.
    @Test(arguments: 0..<8)
    func damagedFilesAreSurvived(seed: UInt64) throws {
        let good = try ExtentReader.bytes(of: sample().content[0..<100_000])
        var numbers = Numbers(seed)
        for _ in 0..<1000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...6, using: &numbers) {
                bytes[Int.random(in: 0..<1024, using: &numbers)] =
                    [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &numbers) ?? 0
            }
            let file = ExtentList(bytes: Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &numbers))))
            do {
                for section in try PE.Headers(file).sections {
                    #expect(section.range.upperBound <= file.length || section.rawSize == 0)
                }
                _ = try image(file)
            } catch is DiskImageError {
            } catch is ExtentError {
            }
        }
    }
}
