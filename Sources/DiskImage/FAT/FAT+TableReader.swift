internal import Extents

extension FAT {
    /// Follows chains in the first file allocation table, a piece of which it holds.
    struct TableReader {
        private let content: ExtentList
        private let geometry: Geometry
        private var piece = ByteView([], "FAT")
        private var start: UInt64 = 0
        private static let pieceLength: UInt64 = 4096

        init(_ reader: Reader) {
            content = reader.content
            geometry = reader.geometry
        }

        /// What the table says about a cluster, which must be one of the volume's.
        mutating func next(_ cluster: UInt64) throws -> UInt64 {
            let offset = geometry.reservedSectors * sectorLength + cluster * geometry.kind.entryBits / 8
            if offset < start || offset + 4 > start + UInt64(piece.bytes.count) {
                start = offset
                piece = ByteView(try content.bytes(at: start, count: Int(min(Self.pieceLength, content.length - start))), "FAT")
            }
            let place = Int(offset - start)
            switch geometry.kind {
            // Three bytes hold two entries: the first has the low bits.
            case .fat12: return UInt64(try piece.u16le(place) >> (cluster % 2 == 0 ? 0 : 4) & 0xFFF)
            case .fat16: return UInt64(try piece.u16le(place))
            case .fat32: return UInt64(try piece.u32le(place) & 0x0FFF_FFFF)
            }
        }
    }
}
