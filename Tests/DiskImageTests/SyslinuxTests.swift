import Extents
import TestSupport
import Testing

@testable import DiskImage

@Suite struct SyslinuxTests {
    private func loader() throws -> Syslinux.Loader {
        try Syslinux.Loader(installer: TestFile.read("/usr/bin/syslinux"))
    }

    private func volume(_ size: UInt64) throws -> FAT.Volume {
        let files = [
            FAT.File("KERNEL", .random(70_000, 1)), Syslinux.file(try loader()),
            FAT.File("SYSLINUX.CFG", .random(40, 2)),
        ]
        return try FAT.volume(files: files, serial: 1, hiddenSectors: 2048, minimumSize: size)
    }

    /// SYSLINUX's own installer writes the same loader and the same boot sector, given the place that it chose.
    @Test(arguments: [0, 20_000_000, 300_000_000] as [UInt64])
    func isWhatTheInstallerWrites(size: UInt64) async throws {
        let volume = try volume(size)
        try await withTemporaryDirectory { folder in
            try ExtentWriter.write(volume.content, to: "\(folder)/v.img")
            try await Oracle("mattrib")("-i", "\(folder)/v.img", "-r", "-s", "-h", "::/LDLINUX.SYS")
            try await Oracle("mdel")("-i", "\(folder)/v.img", "::/LDLINUX.SYS")
            try await Oracle("syslinux")("--install", "\(folder)/v.img")
            let map = try await Oracle("mshowfat")("-i", "\(folder)/v.img", "::/ldlinux.sys")
            let first = try #require(
                map.split(separator: "<").last?.split(separator: "-").first.flatMap { UInt64($0) }, "\(map)")
            #expect(map.filter { $0 == "<" }.count == 1, "\(map)")
            let sector = volume.geometry.offset(ofCluster: first) / 512
            try await Oracle("mcopy")("-i", "\(folder)/v.img", "::/ldlinux.sys", "\(folder)/ldlinux.sys")
            let theirs = try TestFile.read("\(folder)/ldlinux.sys")
            let ours = try loader().patched(firstSector: sector)
            #expect(Array(theirs.prefix(ours.count)) == ours)
            #expect(theirs.count == Int(Syslinux.file(try loader()).content.length))
            let boot = Array(try TestFile.read("\(folder)/v.img").prefix(512))
            #expect(try loader().bootSector(on: volume.content.bytes(at: 0, count: 512), firstSector: sector) == boot)
        }
    }

    @Test(arguments: [0, 300_000_000] as [UInt64])
    func installedVolumeIsSound(size: UInt64) async throws {
        let volume = try volume(size)
        let installed = try Syslinux.install(loader(), on: volume)
        #expect(installed.content.length == volume.content.length)
        try await withTemporaryDirectory { folder in
            try ExtentWriter.write(installed.content, to: "\(folder)/v.img")
            let found = try await Oracle("fsck.fat")("-n", "-v", "\(folder)/v.img")
            #expect(!found.contains("differ"), "\(found)")
            try await Oracle("mcopy")("-i", "\(folder)/v.img", "::/KERNEL", "\(folder)/copy")
            #expect(try TestFile.read("\(folder)/copy") == ExtentReader.bytes(of: .random(70_000, 1)))
        }
    }

    @Test func refuses() throws {
        let cases: [(() throws -> Void, String)] = [
            (
                { _ = try Syslinux.Loader(installer: [1, 2, 3]) },
                "not a SYSLINUX 6 installer: it has 3 bytes and no loader"
            ),
            (
                {
                    _ = try Syslinux.Loader(installer: [UInt8](repeating: 0, count: 600) + Array("\r\nSYSLINUX 6".utf8))
                },
                "not a SYSLINUX 6 installer: the loader does not end"
            ),
            (
                { _ = try Syslinux.install(loader(), on: FAT.volume(files: [], serial: 1)) },
                "the volume has no 'LDLINUX.SYS', which SYSLINUX needs"
            ),
        ]
        for (make, message) in cases {
            let error = #expect(throws: DiskImageError.self) { try make() }
            #expect(error?.description == message)
        }
    }
}
