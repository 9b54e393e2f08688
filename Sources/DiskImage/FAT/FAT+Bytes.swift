internal import Extents

extension FAT.Geometry {
    /// Everything before the first table (sections 3 and 5).
    /// ```
    /// 0   jump          0x10 tables: 2           0x1A heads            FAT16            FAT32
    /// 3   OEM name      0x11 root entries        0x1C hidden sectors   0x24 drive       0x24 sectors of a table
    /// 0xB sector: 512   0x13 sectors if < 65536  0x20 sectors else     0x26 0x29        0x2C root cluster: 2
    /// 0xD cluster       0x15 medium: 0xF8        0x1FE 55 AA           0x27 serial      0x30 FSInfo: 1, 0x32 copy: 6
    /// 0xE reserved      0x16 FAT16: sectors of                         0x2B label       0x40 drive, 0x42 0x29
    ///                        a table                                   0x36 "FAT16   "  0x43 serial, 0x47 label
    ///                   0x18 track                                                      0x52 "FAT32   "
    /// ```
    func reservedArea(label: FAT.Label, serial: UInt32, hiddenSectors: UInt32, layout: FAT.Layout) -> ExtentList {
        let boot = bootSector(label: label, serial: serial, hiddenSectors: hiddenSectors)
        var area = ExtentList(bytes: boot)
        if kind == .fat32 {
            let info = informationSector(layout)
            area.append(.bytes(info))
            area.pad(to: 6 * FAT.sectorLength)
            area.append(.bytes(boot + info))
        }
        area.pad(to: reservedSectors * FAT.sectorLength)
        return area
    }

    private func bootSector(label: FAT.Label, serial: UInt32, hiddenSectors: UInt32) -> [UInt8] {
        var builder = ByteBuilder(reserving: 512)
        let isSmall = kind == .fat16
        builder.append([0xEB, isSmall ? 0x3C : 0x58, 0x90])
        builder.ascii("MSWIN4.1", padded: 8)
        builder.u16le(UInt16(FAT.sectorLength))
        builder.u8(UInt8(clusterLength / FAT.sectorLength))
        builder.u16le(UInt16(reservedSectors))
        builder.u8(2)
        builder.u16le(UInt16(rootEntries))
        builder.u16le(isSmall && sectors < 65536 ? UInt16(sectors) : 0)
        builder.u8(0xF8)
        builder.u16le(isSmall ? UInt16(tableSectors) : 0)
        builder.u16le(63)
        builder.u16le(255)
        builder.u32le(hiddenSectors)
        builder.u32le(isSmall && sectors < 65536 ? 0 : UInt32(sectors))
        if !isSmall {
            builder.u32le(UInt32(tableSectors))
            builder.u32le(0)
            builder.u32le(2)
            builder.u16le(1)
            builder.u16le(6)
            builder.fill(12)
        }
        builder.append([0x80, 0, 0x29])
        builder.u32le(serial)
        builder.append(label.bytes)
        builder.ascii(kind.rawValue, padded: 8, with: 0x20)
        // Code for who boots this: INT 18h, the firmware's "no system here", then a halt.
        builder.append([0xCD, 0x18, 0xF4, 0xEB, 0xFD])
        builder.pad(to: 510)
        builder.append([0x55, 0xAA])
        return builder.bytes
    }

    /// FAT32's FSInfo: how many clusters are free, and from where on (section 5).
    private func informationSector(_ layout: FAT.Layout) -> [UInt8] {
        var builder = ByteBuilder(reserving: 512)
        builder.u32le(0x4161_5252)
        builder.pad(to: 484)
        builder.u32le(0x6141_7272)
        let used = layout.items.reduce(0) { $0 + $1.clusters }
        builder.u32le(UInt32(clusters - used))
        builder.u32le(layout.nextCluster < clusters + 2 ? UInt32(layout.nextCluster) : 0xFFFF_FFFF)
        builder.pad(to: 508)
        builder.u32le(0xAA55_0000)
        return builder.bytes
    }
}

extension FAT.DirectoryTree {
    /// The entries of this directory (section 6).
    /// ```
    /// 0-10  name 8.3       13  0.01 s of creation   18-19  date of access            24-25  date of writing
    /// 11    attributes     14-15  time of creation  20-21  high half of the cluster  26-27  low half of the cluster
    /// 12    0              16-17  date of creation  22-23  time of writing           28-31  size; 0: directory
    /// ```
    func bytes(_ layout: FAT.Layout, label: FAT.Label, _ stamp: FAT.TimeStamp) -> [UInt8] {
        var builder = ByteBuilder()
        func put(_ name: [UInt8], _ attributes: FAT.Attributes, cluster: UInt64, size: UInt64 = 0) {
            builder.append(name + [attributes.rawValue, 0, 0])
            for field in [
                stamp.time, stamp.date, stamp.date, UInt16(cluster >> 16), stamp.time, stamp.date,
                UInt16(cluster & 0xFFFF),
            ] {
                builder.u16le(field)
            }
            builder.u32le(UInt32(size))
        }
        if let parent {
            put(
                FAT.ShortName(dots: 1).bytes, .directory, cluster: layout.directoryClusters[ObjectIdentifier(self)] ?? 0
            )
            // The root directory counts as cluster 0 here, wherever it is.
            let above = parent.parent == nil ? 0 : layout.directoryClusters[ObjectIdentifier(parent)] ?? 0
            put(FAT.ShortName(dots: 2).bytes, .directory, cluster: above)
        } else if !label.isEmpty {
            put(label.bytes, .volumeLabel, cluster: 0)
        }
        for entry in entries {
            if !entry.name.isShort { builder.append(entry.name.entries(for: entry.short)) }
            switch entry.child {
            case .directory(let directory):
                put(entry.short.bytes, .directory, cluster: layout.directoryClusters[ObjectIdentifier(directory)] ?? 0)
            case .file(let file):
                let attributes = file.attributes.isEmpty ? .archive : file.attributes
                put(
                    entry.short.bytes, attributes, cluster: layout.fileClusters[file.path] ?? 0,
                    size: file.content.length)
            }
        }
        return builder.bytes
    }
}
