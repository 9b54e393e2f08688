internal import Extents

extension FAT.DirectoryTree {
    /// The entries of this directory (section 6).
    /// ```
    /// 0-10  name 8.3       13  0.01 s of creation   18-19  date of access            24-25  date of writing
    /// 11    attributes     14-15  time of creation  20-21  high half of the cluster  26-27  low half of the cluster
    /// 12    0              16-17  date of creation  22-23  time of writing           28-31  size in bytes, 0 of a directory
    /// ```
    func bytes(_ layout: FAT.Layout, label: FAT.Label, _ stamp: FAT.TimeStamp) -> [UInt8] {
        var builder = ByteBuilder()
        func put(_ name: [UInt8], _ attributes: FAT.Attributes, cluster: UInt64, size: UInt64 = 0) {
            builder.append(name + [attributes.rawValue, 0, 0])
            for field in [stamp.time, stamp.date, stamp.date, UInt16(cluster >> 16), stamp.time, stamp.date, UInt16(cluster & 0xFFFF)] {
                builder.u16le(field)
            }
            builder.u32le(UInt32(size))
        }
        if let parent {
            put(FAT.ShortName(dots: 1).bytes, .directory, cluster: layout.directoryClusters[ObjectIdentifier(self)] ?? 0)
            // The root directory counts as cluster 0 here, wherever it lies.
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
                put(entry.short.bytes, attributes, cluster: layout.fileClusters[file.path] ?? 0, size: file.content.length)
            }
        }
        return builder.bytes
    }
}
