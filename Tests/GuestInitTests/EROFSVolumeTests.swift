import Testing

@testable import GuestInit

struct EROFSVolumeTests {
    private static func superblock() -> [UInt8] {
        var bytes: [UInt8] = [0xE2, 0xE1, 0xF5, 0xE0] + [UInt8](repeating: 0, count: 124)
        for index in 0..<16 { bytes[48 + index] = UInt8(0xA0 + index) }
        bytes.replaceSubrange(64..<68, with: Array("root".utf8))
        return bytes
    }

    @Test func readsNameAndIdentity() throws {
        let volume = try #require(EROFSVolume(superblock: Self.superblock()))
        #expect(volume.uuid == "a0a1a2a3-a4a5-a6a7-a8a9-aaabacadaeaf")
        #expect(volume.label == "root")
        #expect(RootName("UUID=A0A1A2A3-a4a5-a6a7-a8a9-aaabacadaeaf").matches(device: "vda", volume))
        #expect(RootName("LABEL=root").matches(device: "vda", volume))
        #expect(RootName("/dev/vda").matches(device: "vda", volume))
        #expect(!RootName("LABEL=other").matches(device: "vda", volume))
        #expect(!RootName("vdb").matches(device: "vda", volume))
    }

    @Test func otherBytesAreNoVolume() {
        var wrong = Self.superblock()
        wrong[0] = 0
        #expect(EROFSVolume(superblock: wrong) == nil)
        #expect(EROFSVolume(superblock: Array(Self.superblock().dropLast())) == nil)
        #expect(EROFSVolume(device: "/nonexistent") == nil)
        #expect(EROFSVolume(device: "/dev/zero") == nil)
    }
}
