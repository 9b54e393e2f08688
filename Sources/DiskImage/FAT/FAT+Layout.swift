internal import Extents

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

        /// The smallest volume: 4096-byte clusters, of which FAT32 has enough from 256 MiB on; smaller clusters where FAT16 would have too
        /// few of them.
        init(_ root: DirectoryTree, hasLabel: Bool, minimumSize: UInt64) throws {
            let entries = UInt64(root.entryCount(hasLabel: hasLabel))
            let rootEntries = max(512, entries.divided(by: 128) * 128)
            for length: UInt64 in [4096, 2048, 1024, 512] {
                let sample = Geometry(.fat16, clusterLength: length, needed: 0, rootEntries: rootEntries, minimumSize: minimumSize)
                let needed = try Layout(sample, root, hasLabel: hasLabel).nextCluster - 2
                let geometry = Geometry(.fat16, clusterLength: length, needed: needed, rootEntries: rootEntries, minimumSize: minimumSize)
                let fits = Geometry.clustersOfFAT16.contains(geometry.clusters) && rootEntries <= 0xFFFF
                let tight = needed >= geometry.clusters || geometry.clusters > Geometry.clustersOfFAT16.lowerBound || length == 512
                if fits, tight {
                    self = try Layout(geometry, root, hasLabel: hasLabel)
                    return
                }
                if !fits { break }
            }
            let sample = Geometry(.fat32, clusterLength: 4096, needed: 0, rootEntries: 0, minimumSize: minimumSize)
            let needed = try Layout(sample, root, hasLabel: hasLabel).nextCluster - 2
            let geometry = Geometry(.fat32, clusterLength: 4096, needed: needed, rootEntries: 0, minimumSize: minimumSize)
            guard geometry.clusters <= Geometry.clustersOfFAT32.upperBound, geometry.sectors <= 0xFFFF_FFFF else {
                let size = max(minimumSize, needed * 4096)
                throw DiskImageError("a FAT volume of \(size) bytes, at most 1 TiB", hint: "ask for a smaller one")
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
                    "a directory of \(length / 32) entries, at most 65536 on a FAT volume", hint: "spread the files over more directories")
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
            item.cluster == 0 ? geometry.dataOffset - geometry.rootEntries * 32 : geometry.offset(ofCluster: item.cluster)
        }

        /// One file allocation table, up to the last cluster in use (section 4).
        var table: ExtentList {
            var entries = [UInt32](repeating: 0, count: Int(nextCluster))
            (entries[0], entries[1]) = (0x0FFF_FFF8, 0x0FFF_FFFF)
            for item in items where item.cluster > 0 {
                for cluster in item.cluster..<item.cluster + item.clusters - 1 { entries[Int(cluster)] = UInt32(cluster + 1) }
                entries[Int(item.cluster + item.clusters - 1)] = 0x0FFF_FFFF
            }
            var builder = ByteBuilder(reserving: entries.count * 4)
            for entry in entries {
                if geometry.kind == .fat16 { builder.u16le(UInt16(truncatingIfNeeded: entry)) } else { builder.u32le(entry) }
            }
            return ExtentList(bytes: builder.bytes)
        }
    }
}
