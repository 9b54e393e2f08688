extension VHD {
    /// How the blocks of a disk are stored.
    public enum Kind: UInt32, Sendable {
        case fixed = 2
        case dynamic = 3
    }

    /// Cylinders, heads and sectors of a track, by the specification's appendix "CHS Calculation".
    struct Geometry: Equatable {
        let cylinders: UInt16
        let heads: UInt8
        let sectors: UInt8

        init(sectors count: UInt64) {
            let total = min(count, 65535 * 16 * 255)
            var (track, heads): (UInt64, UInt64)
            if total >= 65535 * 16 * 63 {
                (track, heads) = (255, 16)
            } else {
                track = 17
                heads = max(4, (total / track + 1023) / 1024)
                if total / track >= heads * 1024 || heads > 16 { (track, heads) = (31, 16) }
                if total / track >= heads * 1024 { (track, heads) = (63, 16) }
            }
            cylinders = UInt16(total / track / heads)
            self.heads = UInt8(heads)
            self.sectors = UInt8(track)
        }
    }
}
