internal import Extents

extension GPT {
    /// The header, of which there are two.
    struct Header {
        /// Of the whole disk.
        let sectors: UInt64
        let disk: GUID
        let entriesChecksum: UInt32

        /// One sector.
        func bytes(isPrimary: Bool) -> [UInt8] {
            var builder = ByteBuilder(reserving: 512)
            builder.ascii("EFI PART", padded: 8)
            builder.u32le(0x0001_0000)
            builder.u32le(UInt32(GPT.headerLength))
            builder.u32le(0)
            builder.u32le(0)
            builder.u64le(isPrimary ? 1 : sectors - 1)
            builder.u64le(isPrimary ? sectors - 1 : 1)
            builder.u64le(2 + GPT.tableSectors)
            builder.u64le(sectors - GPT.tableSectors - 2)
            builder.append(disk.bytes)
            builder.u64le(isPrimary ? 2 : sectors - GPT.tableSectors - 1)
            builder.u32le(UInt32(GPT.entryCount))
            builder.u32le(UInt32(GPT.entryLength))
            builder.u32le(entriesChecksum)
            var checksum = ByteBuilder()
            checksum.u32le(CRC32.of(builder.bytes))
            builder.replace(at: 16, with: checksum)
            builder.pad(to: 512)
            return builder.bytes
        }
    }
}
