public import Extents

/// FAT16 and FAT32 volumes with long file names: "FAT: General Overview of On-Disk Format" 1.03, and for long names its
/// section "FAT Long Directory Entries".
///
/// ```
/// sector 0              boot sector with the BIOS parameter block
/// sector 1, 6, 7        FAT32: FSInfo, copies of sectors 0 and 1
/// reserved              first file allocation table, padded in front so that the data area starts at a multiple of
///                       4096 bytes
///   + table             second file allocation table
///   + 2 tables          FAT16: root directory
/// data area             cluster 2 and on: FAT32's root directory, directories, files
/// ```
///
/// Every file and directory is contiguous; whatever is at least 4096 bytes long starts at a multiple of that, so
/// that a file can be shared with structures that are made of larger blocks.
public enum FAT {
    static let sectorLength: UInt64 = 512
    static let alignment: UInt64 = 4096

    /// A volume with the given files, as small as it can be.
    /// - Parameters:
    ///   - files: in their order on the volume. Parent directories are added.
    ///   - label: at most 11 characters of a short name; empty for none.
    ///   - hiddenSectors: how many sectors of 512 bytes precede the volume on its disk.
    ///   - minimumSize: in bytes; the free space is holes.
    ///   - time: of every file and directory, in seconds since 1970; before 1980 it is the start of 1980.
    /// - Throws: `DiskImageError` for names that FAT does not have, a name twice, a file of 4 GiB or more, too much of
    ///   everything.
    public static func volume(
        files: [File], label: String = "", serial: UInt32, hiddenSectors: UInt32 = 0, minimumSize: UInt64 = 0,
        time: UInt64 = 0
    ) throws -> Volume {
        let label = try Label(label)
        let root = try DirectoryTree(files)
        let layout = try Layout(root, hasLabel: !label.isEmpty, minimumSize: minimumSize)
        let stamp = TimeStamp(seconds: time)
        var content = ExtentList()
        content.append(
            layout.geometry.reservedArea(label: label, serial: serial, hiddenSectors: hiddenSectors, layout: layout))
        for _ in 0..<2 {
            content.append(layout.table)
            content.pad(to: content.length + layout.geometry.tableLength - layout.table.length)
        }
        for item in layout.items {
            content.pad(to: layout.offset(of: item))
            content.append(
                item.directory.map { ExtentList(bytes: $0.bytes(layout, label: label, stamp)) } ?? item.content)
        }
        content.pad(to: layout.geometry.length)
        return Volume(content: content, geometry: layout.geometry, offsets: layout.offsets)
    }
}

extension FAT {
    /// How a volume is divided.
    public struct Geometry: Sendable, Equatable {
        public enum Kind: String, Sendable {
            /// Only read.
            case fat12 = "FAT12"
            case fat16 = "FAT16"
            case fat32 = "FAT32"

            /// The type of a volume, which its number of clusters alone decides (section 3.5).
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

extension FAT {
    /// Which clusters hold what.
    struct Layout {
        struct Item {
            /// 0 for FAT16's root directory.
            let cluster: UInt64
            let clusters: UInt64
            /// Nil for a file.
            var directory: DirectoryTree?
            var content = ExtentList()
        }

        let geometry: Geometry
        /// In the order of the volume.
        private(set) var items: [Item] = []
        /// Where files start, in bytes, by path.
        private(set) var offsets: [String: UInt64] = [:]
        /// First clusters by path.
        private(set) var fileClusters: [String: UInt64] = [:]
        private(set) var directoryClusters: [ObjectIdentifier: UInt64] = [:]
        /// The first cluster that is free to the end.
        private(set) var nextCluster: UInt64 = 2

        /// The smallest volume: 4096-byte clusters, of which FAT32 has enough from 256 MiB on; smaller clusters where
        /// FAT16 would have too few of them.
        init(_ root: DirectoryTree, hasLabel: Bool, minimumSize: UInt64) throws {
            let entries = UInt64(root.entryCount(hasLabel: hasLabel))
            let rootEntries = max(512, entries.divided(by: 128) * 128)
            for length: UInt64 in [4096, 2048, 1024, 512] {
                let sample = Geometry(
                    .fat16, clusterLength: length, needed: 0, rootEntries: rootEntries, minimumSize: minimumSize)
                let needed = try Layout(sample, root, hasLabel: hasLabel).nextCluster - 2
                let geometry = Geometry(
                    .fat16, clusterLength: length, needed: needed, rootEntries: rootEntries, minimumSize: minimumSize)
                let fits = Geometry.clustersOfFAT16.contains(geometry.clusters) && rootEntries <= 0xFFFF
                let tight =
                    needed >= geometry.clusters || geometry.clusters > Geometry.clustersOfFAT16.lowerBound
                    || length == 512
                if fits, tight {
                    self = try Layout(geometry, root, hasLabel: hasLabel)
                    return
                }
                if !fits { break }
            }
            let sample = Geometry(.fat32, clusterLength: 4096, needed: 0, rootEntries: 0, minimumSize: minimumSize)
            let needed = try Layout(sample, root, hasLabel: hasLabel).nextCluster - 2
            let geometry = Geometry(
                .fat32, clusterLength: 4096, needed: needed, rootEntries: 0, minimumSize: minimumSize)
            guard geometry.clusters <= Geometry.clustersOfFAT32.upperBound, geometry.sectors <= 0xFFFF_FFFF else {
                let size = max(minimumSize, needed * 4096)
                throw DiskImageError("a FAT volume of \(size) bytes; the limit is 1 TiB", hint: "choose a smaller size")
            }
            self = try Layout(geometry, root, hasLabel: hasLabel)
        }

        /// Directories first, then the files; nothing is checked against the size of the volume.
        private init(_ geometry: Geometry, _ root: DirectoryTree, hasLabel: Bool) throws {
            self.geometry = geometry
            let directories = root.all
            for directory in directories { try place(directory, hasLabel: hasLabel) }
            for directory in directories {
                for entry in directory.entries {
                    if case .file(let file) = entry.child { place(file) }
                }
            }
        }

        private mutating func place(_ directory: DirectoryTree, hasLabel: Bool) throws {
            let length = UInt64(directory.entryCount(hasLabel: hasLabel)) * 32
            guard length <= 65536 * 32 else {
                throw DiskImageError(
                    "a directory of \(length / 32) entries, at most 65536 on a FAT volume",
                    hint: "spread the files over more directories")
            }
            if directory.parent == nil, geometry.kind == .fat16 {
                items.append(Item(cluster: 0, clusters: 0, directory: directory))
                directoryClusters[ObjectIdentifier(directory)] = 0
            } else {
                let clusters = max(1, length.divided(by: geometry.clusterLength))
                directoryClusters[ObjectIdentifier(directory)] = nextCluster
                items.append(Item(cluster: nextCluster, clusters: clusters, directory: directory))
                nextCluster += clusters
            }
        }

        private mutating func place(_ file: File) {
            guard file.content.length > 0 else { return }
            if file.content.length >= FAT.alignment {
                let unit = FAT.alignment / geometry.clusterLength
                nextCluster += (unit - (nextCluster - 2) % unit) % unit
            }
            let clusters = file.content.length.divided(by: geometry.clusterLength)
            items.append(Item(cluster: nextCluster, clusters: clusters, content: file.content))
            offsets[file.path] = geometry.offset(ofCluster: nextCluster)
            fileClusters[file.path] = nextCluster
            nextCluster += clusters
        }

        func offset(of item: Item) -> UInt64 {
            item.cluster == 0
                ? geometry.dataOffset - geometry.rootEntries * 32 : geometry.offset(ofCluster: item.cluster)
        }

        /// One file allocation table, up to the last cluster in use (section 4).
        var table: ExtentList {
            var entries = [UInt32](repeating: 0, count: Int(nextCluster))
            (entries[0], entries[1]) = (0x0FFF_FFF8, 0x0FFF_FFFF)
            for item in items where item.cluster > 0 {
                for cluster in item.cluster..<item.cluster + item.clusters - 1 {
                    entries[Int(cluster)] = UInt32(cluster + 1)
                }
                entries[Int(item.cluster + item.clusters - 1)] = 0x0FFF_FFFF
            }
            var builder = ByteBuilder(reserving: entries.count * 4)
            for entry in entries {
                if geometry.kind == .fat16 {
                    builder.u16le(UInt16(truncatingIfNeeded: entry))
                } else {
                    builder.u32le(entry)
                }
            }
            return ExtentList(bytes: builder.bytes)
        }
    }
}

extension FAT {
    /// A volume as it was laid out.
    public struct Volume: Sendable {
        public internal(set) var content: ExtentList
        public let geometry: Geometry
        /// Where the bytes of each file start, in bytes from the volume's start, by the path as it was given; an empty
        /// file has no place.
        public let offsets: [String: UInt64]
    }
}

extension FAT {
    /// A file to put on a volume.
    public struct File: Sendable {
        /// Names with slashes between them and none in front, e.g. `EFI/BOOT/BOOTX64.EFI`.
        public var path: String
        public var content: ExtentList
        public var attributes: Attributes

        public init(_ path: String, _ content: ExtentList, attributes: Attributes = []) {
            self.path = path
            self.content = content
            self.attributes = attributes
        }
    }

    /// The attribute byte of a directory entry.
    public struct Attributes: OptionSet, Sendable {
        public let rawValue: UInt8

        public init(rawValue: UInt8) { self.rawValue = rawValue }

        public static let readOnly = Attributes(rawValue: 0x01)
        public static let hidden = Attributes(rawValue: 0x02)
        public static let system = Attributes(rawValue: 0x04)
        static let volumeLabel = Attributes(rawValue: 0x08)
        static let directory = Attributes(rawValue: 0x10)
        static let archive = Attributes(rawValue: 0x20)
        /// The attributes of a piece of a long name.
        static let longName: Attributes = [readOnly, hidden, system, volumeLabel]
    }
}

extension FAT {
    /// The name of a volume: 11 bytes, filled up with spaces.
    struct Label {
        let text: String

        var isEmpty: Bool { text.isEmpty }
        /// As in the boot sector.
        var bytes: [UInt8] {
            let letters = Array((isEmpty ? "NO NAME" : text).utf8)
            return letters + [UInt8](repeating: 0x20, count: 11 - letters.count)
        }

        init(_ text: String) throws {
            let legal = text.utf8.allSatisfy { $0 == 0x20 || ShortName.isLegal($0) } && text.first != " "
            guard legal, text.utf8.count <= 11 else {
                throw DiskImageError(
                    "volume label '\(text)', expected at most 11 of A-Z, 0-9, space and !#$%&'()-@^_`{}~",
                    hint: "a shorter label in capital letters")
            }
            self.text = text
        }
    }
}
