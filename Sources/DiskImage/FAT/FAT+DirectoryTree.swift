internal import Extents

extension FAT {
    /// A directory to write, with what lies in it.
    final class DirectoryTree {
        enum Child {
            case directory(DirectoryTree)
            case file(File)
        }

        struct Entry {
            let name: LongName
            let child: Child
            var short: ShortName
        }

        private(set) var entries: [Entry] = []
        /// Nil for the root directory.
        private(set) weak var parent: DirectoryTree?
        private var indices: [String: Int] = [:]

        private init(in parent: DirectoryTree?) { self.parent = parent }

        convenience init(_ files: [File]) throws {
            self.init(in: nil)
            for file in files { try add(file) }
            nameShortly()
        }

        private func add(_ file: File) throws {
            guard file.content.length <= 0xFFFF_FFFF else {
                throw DiskImageError(
                    "'\(file.path)' has \(file.content.length) bytes, at most 4294967295 bytes (4 GiB - 1) on a FAT volume",
                    hint: "make the file smaller, or choose a format without a FAT volume")
            }
            var directory = self
            let names = try file.path.split(separator: "/", omittingEmptySubsequences: false).map { try LongName($0, of: file.path) }
            for name in names.dropLast() { directory = try directory.directory(name, of: file.path) }
            guard let name = names.last else { return }
            guard directory.indices[name.key] == nil else { throw Self.twice(file.path) }
            directory.append(name, .file(file))
        }

        private static func twice(_ path: String) -> DiskImageError {
            DiskImageError("'\(path)' is there twice: on a FAT volume upper and lower case are the same", hint: "rename one of the files")
        }

        private func append(_ name: LongName, _ child: Child) {
            indices[name.key] = entries.count
            // The short name comes when all names are known.
            entries.append(Entry(name: name, child: child, short: ShortName(dots: 1)))
        }

        private func directory(_ name: LongName, of path: String) throws -> DirectoryTree {
            if let index = indices[name.key] {
                guard case .directory(let directory) = entries[index].child else { throw Self.twice(path) }
                return directory
            }
            let directory = DirectoryTree(in: self)
            append(name, .directory(directory))
            return directory
        }

        /// Gives short names: first to those that have one of their own, then made-up ones, here and below.
        private func nameShortly() {
            var taken: Set<ShortName> = []
            for (index, entry) in entries.enumerated() {
                if let short = ShortName(entry.name.text) {
                    entries[index].short = short
                    taken.insert(short)
                }
                if case .directory(let directory) = entry.child { directory.nameShortly() }
            }
            var numbers: [[UInt8]: Int] = [:]
            for (index, entry) in entries.enumerated() where ShortName(entry.name.text) == nil {
                let basis = ShortName.basis(entry.name.text)
                var number = numbers[basis.base + [0] + basis.suffix, default: 0] + 1
                while !taken.insert(ShortName(basis: entry.name.text, number: number)).inserted { number += 1 }
                numbers[basis.base + [0] + basis.suffix] = number
                entries[index].short = ShortName(basis: entry.name.text, number: number)
            }
        }

        /// Every directory below this one and itself, parents first.
        var all: [DirectoryTree] {
            var result = [self]
            for case .directory(let directory) in entries.map(\.child) { result += directory.all }
            return result
        }

        /// Entries of 32 bytes that this directory takes.
        func entryCount(hasLabel: Bool) -> Int {
            let own = parent == nil ? (hasLabel ? 1 : 0) : 2
            return entries.reduce(own) { $0 + 1 + ($1.name.isShort ? 0 : ($1.name.text.utf16.count + 12) / 13) }
        }
    }
}
