extension FAT {
    /// How a volume is divided.
    public struct Geometry: Sendable, Equatable {
        public enum Kind: String, Sendable {
            /// Only read.
            case fat12 = "FAT12"
            case fat16 = "FAT16"
            case fat32 = "FAT32"

            /// What so many clusters make of a volume, whatever else it says (section 3.5).
            init(clusters: UInt64) { self = clusters < 4085 ? .fat12 : clusters < 65525 ? .fat16 : .fat32 }

            /// Of an entry of the table.
            var entryBits: UInt64 {
                switch self {
                case .fat12: 12
                case .fat16: 16
                case .fat32: 32
                }
            }
        }

        public let kind: Kind
        /// In bytes.
        public let clusterLength: UInt64
        /// Clusters of the data area.
        public let clusters: UInt64
        let reservedSectors: UInt64
        /// Sectors of one table.
        let tableSectors: UInt64
        /// Entries of the root directory of FAT12 and FAT16.
        let rootEntries: UInt64

        /// Where cluster 2 starts, in bytes.
        var dataOffset: UInt64 { (reservedSectors + 2 * tableSectors) * sectorLength + rootEntries * 32 }
        /// The whole volume in bytes.
        public var length: UInt64 { dataOffset + clusters * clusterLength }
        var sectors: UInt64 { length / sectorLength }
        var tableLength: UInt64 { tableSectors * sectorLength }

        func offset(ofCluster cluster: UInt64) -> UInt64 { dataOffset + (cluster - 2) * clusterLength }
    }
}

extension FAT.Geometry {
    /// The counts of clusters that make a volume FAT16, 16 off the limits as the specification advises (section 3.5).
    static let clustersOfFAT16: ClosedRange<UInt64> = 4085 + 16...65524 - 16
    static let clustersOfFAT32: ClosedRange<UInt64> = 65525 + 16...0x0FFF_FFF5 - 16

    /// - Parameters:
    ///   - needed: clusters that are in use.
    ///   - minimumSize: of the volume, in bytes.
    init(_ kind: Kind, clusterLength: UInt64, needed: UInt64, rootEntries: UInt64, minimumSize: UInt64) {
        let limits = kind == .fat16 ? Self.clustersOfFAT16 : Self.clustersOfFAT32
        let least = max(needed, limits.lowerBound)
        let capacity = max(least, minimumSize.divided(by: clusterLength))
        let tableSectors = ((capacity + 2) * (kind == .fat16 ? 2 : 4)).divided(by: FAT.sectorLength)
        var reserved: UInt64 = kind == .fat16 ? 4 : 32
        let rootSectors = rootEntries * 32 / FAT.sectorLength
        let unit = FAT.alignment / FAT.sectorLength
        reserved += (unit - (reserved + 2 * tableSectors + rootSectors) % unit) % unit
        let dataOffset = (reserved + 2 * tableSectors + rootSectors) * FAT.sectorLength
        self.kind = kind
        self.clusterLength = clusterLength
        self.clusters = max(least, (max(minimumSize, dataOffset) - dataOffset).divided(by: clusterLength))
        self.reservedSectors = reserved
        self.tableSectors = tableSectors
        self.rootEntries = rootEntries
    }
}
