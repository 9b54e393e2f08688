import Extents
import Testing

@Suite struct ByteBuilderTests {
    @Test func integersHaveTheirByteOrder() {
        var builder = ByteBuilder()
        builder.u8(1)
        builder.u16le(0x0203)
        builder.u16be(0x0203)
        builder.u32le(0x0405_0607)
        builder.u32be(0x0405_0607)
        builder.u64le(0x0809_0a0b_0c0d_0e0f)
        builder.u64be(0x0809_0a0b_0c0d_0e0f)
        #expect(
            builder.bytes == [
                1, 3, 2, 2, 3, 7, 6, 5, 4, 4, 5, 6, 7, 15, 14, 13, 12, 11, 10, 9, 8, 8, 9, 10, 11, 12, 13, 14, 15,
            ])
    }

    @Test func textIsPadded() {
        var builder = ByteBuilder()
        builder.ascii("AB", padded: 4, with: 32)
        builder.pad(toMultipleOf: 8)
        builder.pad(toMultipleOf: 8)
        builder.append([1, 2])
        builder.pad(to: 12, with: 9)
        var patch = ByteBuilder()
        patch.u16be(0xffff)
        builder.replace(at: 1, with: patch)
        #expect(builder.bytes == [65, 255, 255, 32, 0, 0, 0, 0, 1, 2, 9, 9])
    }
}
