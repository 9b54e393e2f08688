extension ISO9660 {
    /// A directory with its contents.
    final class Directory {
        /// Nil for the root.
        private(set) weak var parent: Directory?
        let entry: Entry
        /// The name of ECMA-119.
        fileprivate(set) var shortName: [UInt8] = []
        /// In the order of their short names.
        fileprivate(set) var children: [(shortName: [UInt8], child: Child)] = []
        /// In the path table, from 1.
        fileprivate(set) var number = 1

        enum Child {
            case directory(Directory)
            case other(Entry)
        }

        fileprivate init(_ entry: Entry, in parent: Directory?) { (self.entry, self.parent) = (entry, parent) }

        var subdirectories: [Directory] {
            children.compactMap { if case .directory(let directory) = $0.child { directory } else { nil } }
        }
    }

    /// All directories in the order of the path table: level by level.
    struct Tree {
        let directories: [Directory]
        /// As they were given.
        let entries: [Entry]
        /// Names by identity.
        let links: [Int: Int]

        init(_ entries: [Entry], time: Int64) throws {
            var builder = TreeBuilder(entries: entries, time: time)
            let root = try builder.build()
            var all = [root]
            var next = 0
            while next < all.count {
                all[next].number = next + 1
                all[next].nameShortly()
                all += all[next].subdirectories
                next += 1
            }
            guard all.count <= 65535 else {
                throw DiskImageError("\(all.count) directories; the limit of a CD image is 65535")
            }
            directories = all
            self.entries = entries
            links = entries.reduce(into: [:]) { counts, entry in
                if let identity = entry.identity { counts[identity, default: 0] += 1 }
            }
        }
    }

    private struct TreeBuilder {
        let entries: [Entry]
        let time: Int64
        var directories: [[UInt8]: Directory] = [:]
        var names: Set<[UInt8]> = []

        mutating func build() throws -> Directory {
            // Directories first, so that an entry after its contents counts too.
            let named = Dictionary(entries.compactMap { entry in entry.isDirectory ? (entry.path, entry) : nil }) {
                _, last in last
            }
            let root = try directory([], named)
            for entry in entries {
                try check(entry)
                if entry.isDirectory {
                    _ = try directory(entry.path, named)
                } else {
                    guard names.insert(entry.path).inserted else { throw error(entry.path, "the name exists twice") }
                    try directory(entry.parent, named).children.append((entry.name, .other(entry)))
                }
            }
            if let path = names.first(where: { directories[$0] != nil }) {
                throw error(path, "both a file and a directory")
            }
            return root
        }

        private mutating func directory(_ path: [UInt8], _ named: [[UInt8]: Entry]) throws -> Directory {
            if let directory = directories[path] { return directory }
            let entry = named[path] ?? Entry(path: path, .directory, mode: 0o755, modified: time)
            let parent = path.isEmpty ? nil : try directory(entry.parent, named)
            let directory = Directory(entry, in: parent)
            directories[path] = directory
            parent?.children.append((entry.name, .directory(directory)))
            return directory
        }

        private func check(_ entry: Entry) throws {
            if entry.path.isEmpty && entry.isDirectory { return }
            for name in entry.path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
                guard !name.isEmpty, !name.elementsEqual(".".utf8), !name.elementsEqual("..".utf8), !name.contains(0)
                else {
                    throw error(entry.path, "'\(String(decoding: name, as: UTF8.self))' is not a valid name")
                }
                guard name.count <= 255 else {
                    throw error(entry.path, "a name of \(name.count) bytes, expected at most 255")
                }
            }
        }

        private func error(_ path: [UInt8], _ reason: String) -> DiskImageError {
            DiskImageError("'\(String(decoding: path, as: UTF8.self))': \(reason)")
        }
    }
}

extension ISO9660.Directory {
    /// Replaces the true names by unique short ones and sorts.
    fileprivate func nameShortly() {
        var names = ISO9660.ShortNames()
        children = children.sorted { $0.shortName.lexicographicallyPrecedes($1.shortName) }
            .map { name, child in
                guard case .directory(let directory) = child else {
                    return (names.name(name, isDirectory: false), child)
                }
                directory.shortName = names.name(name, isDirectory: true)
                return (directory.shortName, child)
            }
            .sorted { $0.shortName.lexicographicallyPrecedes($1.shortName) }
    }
}

extension ISO9660.Entry {
    var isDirectory: Bool {
        if case .directory = kind { return true }
        return false
    }

    var name: [UInt8] { Array(path[(path.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0)...]) }
    var parent: [UInt8] { Array(path[..<(path.lastIndex(of: UInt8(ascii: "/")) ?? 0)]) }
}

extension ISO9660 {
    /// Names of ECMA-119, level 1, in one directory: 8 and 3 of `A-Z`, `0-9`, `_`, a file's with `;1`.
    struct ShortNames {
        private var taken: Set<[UInt8]> = []
        private var numbers: [[UInt8]: Int] = [:]

        /// A name that nothing else in the directory has; case and length of the true one are lost.
        mutating func name(_ name: [UInt8], isDirectory: Bool) -> [UInt8] {
            let dot = isDirectory ? nil : name.lastIndex(of: UInt8(ascii: ".")).flatMap { $0 > 0 ? $0 : nil }
            let base = Self.letters(name[..<(dot ?? name.count)])
            let suffix = dot.map { Self.letters(name[($0 + 1)...]) } ?? []
            var candidate = Self.joined(Array(base.prefix(8)), suffix, isDirectory)
            let key = candidate
            while !taken.insert(candidate).inserted {
                let number = numbers[key, default: 0] + 1
                numbers[key] = number
                let digits = Array(String(number, radix: 36, uppercase: true).utf8)
                candidate = Self.joined(
                    Array(base.prefix(max(0, 7 - digits.count))) + [UInt8(ascii: "_")] + digits, suffix, isDirectory)
            }
            return candidate
        }

        private static func joined(_ base: [UInt8], _ suffix: [UInt8], _ isDirectory: Bool) -> [UInt8] {
            if isDirectory { return base.isEmpty ? [UInt8(ascii: "_")] : base }
            return base + [UInt8(ascii: ".")] + suffix.prefix(3) + Array(";1".utf8)
        }

        private static func letters(_ part: ArraySlice<UInt8>) -> [UInt8] {
            part.map { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5a: byte
                case 0x61...0x7a: byte - 32
                default: UInt8(ascii: "_")
                }
            }
        }
    }
}
