import Extents
import TestSupport
import Testing

@testable import MobyRun

/// The discs of user data, read by programs that know ISO 9660.
struct DataDiscTests {
    private func write(_ image: ExtentList, in folder: Folder) throws -> String {
        try ExtentWriter.write(image, to: folder.file("data.iso"))
        return folder.file("data.iso")
    }

    @Test(arguments: [0, 1, 2047, 2048, 2049, 100_000])
    func othersReadItBack(size: Int) throws {
        let folder = try Folder()
        let content = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        let disc = try write(DataDisc.image(config: content), in: folder)

        let listing = try Tool.run("bsdtar", ["-tf", disc])
        #expect(listing.status == 0)
        #expect(String(decoding: listing.output, as: UTF8.self) == ".\nconfig\n")
        #expect(try Tool.run("bsdtar", ["-xOf", disc, "config"]).output == content)

        let plain = try Tool.run("isoinfo", ["-i", disc, "-x", "/CONFIG.;1"])
        #expect(plain.status == 0 && plain.output == content)
        let rockRidge = try Tool.run("isoinfo", ["-i", disc, "-R", "-x", "/config"])
        #expect(rockRidge.status == 0 && rockRidge.output == content)
    }

    @Test func volumeHasALabel() throws {
        let folder = try Folder()
        let image = try DataDisc.image(config: [1])
        #expect(image.length >= 64 << 10)
        let text = String(
            decoding: try Tool.run("isoinfo", ["-d", "-i", try write(image, in: folder)]).output, as: UTF8.self)
        #expect(text.contains("Volume id: CONFIG"))
        #expect(text.contains("Rock Ridge signatures"))
    }

    @Test func aNoCloudDiscHasItsFilesAndName() throws {
        let folder = try Folder()
        let disc = try write(DataDisc.image(userData: Array("u".utf8), metaData: Array("m".utf8)), in: folder)
        #expect(try Tool.run("isoinfo", ["-i", disc, "-R", "-x", "/user-data"]).output == Array("u".utf8))
        #expect(try Tool.run("isoinfo", ["-i", disc, "-R", "-x", "/meta-data"]).output == Array("m".utf8))
        #expect(
            String(decoding: try Tool.run("isoinfo", ["-d", "-i", disc]).output, as: UTF8.self).contains(
                "Volume id: CIDATA"))
    }
}
