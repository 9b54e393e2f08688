import DiskImage
import Extents
import TestSupport
import Testing

@Suite struct ElToritoTests {
    @Test(arguments: [(true, false), (false, true), (true, true)])
    func xorrisoReportsTheBootEntries(bios: Bool, efi: Bool) async throws {
        try await withTemporaryDirectory { folder in
            let image = try image(bios: bios, efi: efi)
            try ExtentWriter.write(image, to: "\(folder)/a.iso")
            #expect(image.length % (1 << 20) == 0)
            let answer = try await ISO9660Tests.xorriso.run(
                [
                    "-abort_on", "FATAL", "-indev", "\(folder)/a.iso", "-report_el_torito", "plain",
                    "-report_system_area", "plain",
                ])
            let lines = answer.text.split(separator: "\n").map {
                $0.split(separator: " ", omittingEmptySubsequences: true)
            }
            let images = lines.filter { $0.starts(with: ["El", "Torito", "boot", "img", ":"]) }.map { $0[6] }
            #expect(images == (bios ? ["BIOS"] : []) + (efi ? ["UEFI"] : []))
            if bios {
                #expect(answer.text.contains("boot-info-table") && answer.text.contains("isohybrid-suitable"))
            }
            let partitions = lines.filter { $0.starts(with: ["MBR", "partition", ":"]) }.map { $0[5] }
            #expect(partitions == (bios ? ["0x17"] : []) + (efi ? ["0xef"] : []))
        }
    }

    @Test func theReaderFindsTheBootImages() throws {
        let image = try image(bios: true, efi: true)
        let volume = try ISO9660.read(image)
        #expect(volume.bootEntries.map(\.platform) == [0, 0xef])
        let efi = try #require(volume.bootEntries.last)
        #expect(efi.offset % (1 << 20) == 0)
        #expect(try image.bytes(at: efi.offset, count: 4096) == ExtentReader.bytes(of: .random(4096, 8)))
        // A file whose data are a part of the boot image.
        guard case .file(let kernel)? = volume.entries.first(where: { $0.path == Array("kernel".utf8) })?.kind else {
            throw DiskImageError("no kernel")
        }
        #expect(try ExtentReader.bytes(of: kernel) == Array(ExtentReader.bytes(of: .random(40_960, 8))[4096..<9000]))
    }

    @Test func whatCannotBootIsAnError() {
        let bios = ISO9660.Boot.BIOS(loader: "isolinux.bin", diskCode: [])
        #expect(throws: DiskImageError.self) { try ISO9660.image([], volumeID: "X", boot: ISO9660.Boot(bios: bios)) }
        let shared = ISO9660.Entry(path: [65], .shared(0..<4096), mode: 0o644)
        #expect(throws: DiskImageError.self) { try ISO9660.image([shared], volumeID: "X") }
    }

    private func image(bios: Bool, efi: Bool) throws -> ExtentList {
        var entries = [ISO9660.Entry("isolinux/isolinux.bin", try ExtentList(file: "/usr/lib/ISOLINUX/isolinux.bin"))]
        if efi { entries.append(ISO9660.Entry(path: Array("kernel".utf8), .shared(4096..<9000), mode: 0o644)) }
        let code = try TestFile.read("/usr/lib/ISOLINUX/isohdpfx.bin")
        let boot = ISO9660.Boot(
            bios: bios ? ISO9660.Boot.BIOS(loader: "isolinux/isolinux.bin", diskCode: code) : nil,
            efi: efi ? .random(40_960, 8) : nil)
        return try ISO9660.image(entries, volumeID: "BOOT", boot: boot)
    }
}
