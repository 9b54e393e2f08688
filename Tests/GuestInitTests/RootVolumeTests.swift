import BootLayout
import Testing

@testable import GuestInit

struct RootVolumeTests {
    private static func superblock() -> [UInt8] {
        var bytes: [UInt8] = [0xE2, 0xE1, 0xF5, 0xE0] + [UInt8](repeating: 0, count: 124)
        for index in 0..<16 { bytes[48 + index] = UInt8(0xA0 + index) }
        bytes.replaceSubrange(64..<68, with: Array("root".utf8))
        return bytes
    }

    @Test func readsNameAndIdentity() throws {
        let volume = try #require(RootVolume(erofs: Self.superblock()))
        #expect(volume.uuid == "a0a1a2a3-a4a5-a6a7-a8a9-aaabacadaeaf")
        #expect(volume.label == "root")
        #expect(RootName("UUID=A0A1A2A3-a4a5-a6a7-a8a9-aaabacadaeaf").matches(device: "vda", volume))
        #expect(RootName("LABEL=root").matches(device: "vda", volume))
        #expect(RootName("/dev/vda").matches(device: "vda", volume))
        #expect(!RootName("LABEL=other").matches(device: "vda", volume))
        #expect(!RootName("vdb").matches(device: "vda", volume))
    }

    @Test func readsTheLabelOfADisc() throws {
        var bytes: [UInt8] = [1] + Array("CD001".utf8) + [1, 0] + [UInt8](repeating: 0x20, count: 120)
        bytes.replaceSubrange(40..<47, with: Array("ROOT_1F".utf8))
        let volume = try #require(RootVolume(iso9660: bytes))
        #expect(volume.label == "ROOT_1F" && volume.uuid.isEmpty && volume.fileSystem == .iso9660)
        #expect(volume.text == "ISO 9660, LABEL=ROOT_1F")
        #expect(RootName("LABEL=ROOT_1F").matches(device: "sr0", volume))
        #expect(!RootName("LABEL=ROOT_1").matches(device: "sr0", volume))
        // Without a name at all.
        bytes.replaceSubrange(40..<72, with: [UInt8](repeating: 0x20, count: 32))
        #expect(RootVolume(iso9660: bytes)?.label == "")
        bytes[5] = 0
        #expect(RootVolume(iso9660: bytes) == nil)
    }

    @Test func otherBytesAreNoVolume() {
        var wrong = Self.superblock()
        wrong[0] = 0
        #expect(RootVolume(erofs: wrong) == nil)
        #expect(RootVolume(erofs: Array(Self.superblock().dropLast())) == nil)
        #expect(RootVolume(device: "/nonexistent") == nil)
        #expect(RootVolume(device: "/dev/zero") == nil)
    }
}
