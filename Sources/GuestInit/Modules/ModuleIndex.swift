internal import Glibc

/// A kernel's modules, as depmod's files describe them: modules.dep(5), `modules.alias`, `modules.softdep`,
/// `modules.builtin`.
struct ModuleIndex {
    /// A module's file and its dependencies, relative to the folder of the release; the last one is loaded first.
    struct Entry: Equatable {
        var path: String
        var dependencies: [String]
    }

    let aliases: [UInt8]
    private let dependencies: [UInt8]
    /// Module name to the range of its line in `dependencies`.
    private let lines: [String: Range<Int>]
    private let softBefore: [String: [String]]
    private let softAfter: [String: [String]]
    let builtin: Set<String>

    init(dependencies: [UInt8], aliases: [UInt8], soft: [UInt8] = [], builtin: [UInt8] = []) {
        self.aliases = aliases
        self.dependencies = dependencies
        var lines: [String: Range<Int>] = [:]
        Lines.each(in: dependencies) { line in
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return }
            lines[Self.name(of: line[..<colon])] = line.startIndex..<line.endIndex
        }
        self.lines = lines
        (softBefore, softAfter) = Self.softDependencies(soft)
        var names: Set<String> = []
        Lines.each(in: builtin) { names.insert(Self.name(of: $0)) }
        self.builtin = names
    }

    /// Module name of a path: without folders and endings, dashes as underscores.
    static func name(of path: some BidirectionalCollection<UInt8>) -> String {
        let file = path.suffix(
            from: path.lastIndex(of: UInt8(ascii: "/")).map { path.index(after: $0) } ?? path.startIndex)
        let stem = file.prefix { $0 != UInt8(ascii: ".") }
        return String(decoding: stem.map { $0 == UInt8(ascii: "-") ? UInt8(ascii: "_") : $0 }, as: UTF8.self)
    }

    static func name(of path: String) -> String { name(of: Array(path.utf8)) }

    subscript(name: String) -> Entry? {
        guard let range = lines[name] else { return nil }
        let words = dependencies[range].split(whereSeparator: { $0 == 0x20 || $0 == 0x09 })
        guard let first = words.first else { return nil }
        return Entry(path: Lines.string(first.dropLast()), dependencies: words.dropFirst().map(Lines.string))
    }

    func softDependencies(of name: String) -> (before: [String], after: [String]) {
        (softBefore[name] ?? [], softAfter[name] ?? [])
    }

    private static func softDependencies(_ text: [UInt8]) -> ([String: [String]], [String: [String]]) {
        var before: [String: [String]] = [:]
        var after: [String: [String]] = [:]
        Lines.each(in: text) { line in
            let words = Lines.words(line)
            guard words.count > 2, Lines.string(words[0]) == "softdep" else { return }
            let module = name(of: words[1])
            var isAfter = false
            for word in words.dropFirst(2).map(Lines.string) {
                switch word {
                case "pre:": isAfter = false
                case "post:": isAfter = true
                default:
                    if isAfter {
                        after[module, default: []].append(name(of: word))
                    } else {
                        before[module, default: []].append(name(of: word))
                    }
                }
            }
        }
        return (before, after)
    }

    /// Modules with an alias that matches one of the names, each once, in the order of the file.
    func modules(matching names: [String]) -> [String] {
        let wanted = names.filter { !$0.isEmpty }.map { Self.normalized($0.utf8) }
        guard !wanted.isEmpty else { return [] }
        // Most lines are of another bus: their first byte alone rules them out.
        var isFirst = [Bool](repeating: false, count: 256)
        for name in wanted { isFirst[Int(UInt8(bitPattern: name[0]))] = true }
        for byte in "*?[".utf8 { isFirst[Int(byte)] = true }
        var found: [String] = []
        let prefix = Array("alias ".utf8)
        Lines.each(in: aliases) { line in
            let rest = line.dropFirst(prefix.count)
            guard let first = rest.first, isFirst[Int(first)], line.starts(with: prefix) else { return }
            let words = Lines.words(rest)
            guard words.count == 2 else { return }
            let pattern = Self.normalized(words[0])
            guard wanted.contains(where: { fnmatch(pattern, $0, 0) == 0 }) else { return }
            let module = Self.name(of: words[1])
            if !found.contains(module) { found.append(module) }
        }
        return found
    }

    /// A C string with dashes as underscores, except in brackets: the kernel's and depmod's spellings differ.
    static func normalized(_ text: some Sequence<UInt8>) -> [CChar] {
        var isInSet = false
        return text.map { byte in
            if byte == UInt8(ascii: "[") { isInSet = true }
            if byte == UInt8(ascii: "]") { isInSet = false }
            return CChar(bitPattern: byte == UInt8(ascii: "-") && !isInSet ? UInt8(ascii: "_") : byte)
        } + [0]
    }
}

/// The order in which modules must be loaded.
enum ModuleClosure {
    /// A module to load.
    struct Step: Equatable {
        var name: String
        /// Relative to the folder of the release.
        var path: String
        /// A soft dependency: it may fail to load.
        var isOptional = false
    }

    /// The modules to load for `modules`, dependencies first, without those in `loaded` and the built-in ones.
    static func steps(for modules: [String], in index: ModuleIndex, loaded: Set<String>) -> [Step] {
        var walk = Walk(index: index, done: loaded.union(index.builtin))
        for module in modules { walk.add(module, isOptional: false) }
        return walk.steps
    }

    private struct Walk {
        let index: ModuleIndex
        var done: Set<String>
        var steps: [Step] = []

        /// Soft dependencies may form cycles, so a module counts as done as soon as it is visited.
        mutating func add(_ name: String, isOptional: Bool) {
            guard !done.contains(name), let entry = index[name] else { return }
            done.insert(name)
            let soft = index.softDependencies(of: name)
            for other in soft.before { add(other, isOptional: true) }
            for path in entry.dependencies.reversed() { add(ModuleIndex.name(of: path), isOptional: isOptional) }
            steps.append(Step(name: name, path: entry.path, isOptional: isOptional))
            for other in soft.after { add(other, isOptional: true) }
        }
    }
}

/// Lines and words of a text in bytes: files of hundreds of kilobytes are read at boot, and strings of each word would
/// cost more than the rest.
enum Lines {
    /// Calls `body` with each line that is neither empty nor a comment.
    static func each(in text: [UInt8], _ body: (ArraySlice<UInt8>) -> Void) {
        var start = 0
        while start < text.count {
            let end = text[start...].firstIndex(of: 0x0A) ?? text.count
            if end > start, text[start] != UInt8(ascii: "#") { body(text[start..<end]) }
            start = end + 1
        }
    }

    static func words(_ line: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        line.split(whereSeparator: { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D })
    }

    static func string(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}
