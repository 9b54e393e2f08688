internal import Extents

extension ISO9660 {
    /// Where everything lies; numbers are sectors.
    struct Layout {
        /// Data of a file.
        struct File {
            /// What is to be stored; empty when the data lie in the EFI boot image.
            let content: ExtentList
            let sector: UInt64
            /// In bytes.
            let length: UInt64

            /// First sector and length in bytes of each extent.
            var extents: [(sector: UInt64, length: UInt64)] {
                stride(from: 0, to: max(length, 1), by: Int(extentLimit)).map { start in
                    (sector + start / ISO9660.sector, min(extentLimit, length - start))
                }
            }
        }

        /// A directory's records, and where they and their continuations go.
        struct Place {
            let records: [Record]
            let sector: UInt64
            /// Of the records, in whole sectors.
            let length: UInt64
            /// Of records and continuations, in whole sectors.
            let sectors: UInt64
        }

        let tree: Tree
        let boot: Boot
        let files: [File]
        let pathTableLength: UInt64
        let catalogSector: UInt64
        let efiSector: UInt64
        let sectors: UInt64
        private(set) var places: [ObjectIdentifier: Place] = [:]
        let fileIndices: FileIndices

        init(_ tree: Tree, _ boot: Boot) throws {
            (self.tree, self.boot) = (tree, boot)
            let indices = FileIndices(tree)
            var next = firstDescriptor + (boot.isBootable ? 3 : 2)
            pathTableLength = UInt64(tree.directories.reduce(0) { $0 + Self.pathTableEntryLength($1) })
            next += 2 * pathTableLength.divided(by: sector)
            for directory in tree.directories {
                let place = Self.place(directory, at: next, tree: tree, indices: indices)
                places[ObjectIdentifier(directory)] = place
                next += place.sectors
            }
            catalogSector = next
            if boot.isBootable { next += 1 }
            let stored = indices.entries.reduce(next) { end, entry in end + entry.storedLength.divided(by: sector) }
            let unit = diskAlignment / sector
            let efiStart = stored.rounded(to: unit)
            efiSector = efiStart
            files = try indices.entries.map { entry in
                let file = try Self.file(entry, at: next, efi: boot.efi, efiSector: efiStart)
                next += file.content.length.divided(by: sector)
                return file
            }
            let end = boot.efi.map { efiStart + $0.length.divided(by: sector) } ?? stored
            let total = boot.isBootable ? end.rounded(to: unit) : end
            sectors = total
            fileIndices = indices
            guard total <= UInt64(UInt32.max) else { throw DiskImageError("a CD image of \(total) sectors, at most 2^32 - 1") }
        }

        private static func file(_ entry: Entry, at next: UInt64, efi: ExtentList?, efiSector: UInt64) throws -> File {
            switch entry.kind {
            case .file(let content): return File(content: content, sector: next, length: content.length)
            case .shared(let range):
                guard let efi, range.upperBound <= efi.length, range.lowerBound % sector == 0 else {
                    let path = String(decoding: entry.path, as: UTF8.self)
                    throw DiskImageError("'\(path)': bytes \(range) are not sectors of the EFI boot image")
                }
                return File(
                    content: ExtentList(), sector: efiSector + range.lowerBound / sector, length: range.upperBound - range.lowerBound)
            default: preconditionFailure("only files have data")
            }
        }

        private static func place(_ directory: Directory, at start: UInt64, tree: Tree, indices: FileIndices) -> Place {
            let records = RecordMaker(tree: tree, indices: indices).records(of: directory)
            var length = 0
            for record in records { length = Self.offset(record.length, after: length) + record.length }
            let rounded = UInt64(length).rounded(to: sector)
            var continuations = 0
            for part in records.flatMap(\.continuationLengths) { continuations = Self.offset(part, after: continuations) + part }
            return Place(
                records: records, sector: start, length: rounded,
                sectors: rounded / sector + UInt64(continuations).divided(by: sector))
        }

        /// Where something of a length goes that must not cross the border of a sector.
        static func offset(_ length: Int, after end: Int) -> Int {
            let left = Int(sector) - end % Int(sector)
            return length <= left ? end : end + left
        }

        func place(of directory: Directory) -> Place {
            guard let place = places[ObjectIdentifier(directory)] else { preconditionFailure("a directory without a place") }
            return place
        }
    }
}

extension ISO9660.Entry {
    fileprivate var storedLength: UInt64 {
        if case .file(let content) = kind { return content.length }
        return 0
    }
}
