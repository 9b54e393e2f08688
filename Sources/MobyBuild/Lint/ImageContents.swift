internal import Archive
internal import Extents
internal import FoundationEssentials
internal import OCI

/// The files of an image by name, and their contents.
struct ImageContents {
    let tree: FileTree
    let state: RootState
    private let names: Set<ArraySlice<UInt8>>

    init(_ tree: FileTree, _ name: String) {
        self.tree = tree
        var state = RootState()
        state.unpack(RootListing(tree), from: name)
        self.state = state
        names = Set(state.items.keys.map(\.name))
    }

    /// Why a path cannot be executed; nil when it can.
    func problem(of path: String) -> String? {
        guard let item = state.item(at: path) else { return "does not exist" }
        switch item.kind {
        case .directory: return "is a directory"
        case .regular: return item.isExecutable ? nil : "is not executable"
        case .symlink: return "is a link that leads nowhere"
        case .other: return "is a device or pipe"
        }
    }

    /// Above this many bytes a program is looked at as far as its headers go.
    private static let limit: UInt64 = 256 << 20

    func executable(_ path: String, folders: [String]) throws -> ProgramFacts.Executable {
        var result = ProgramFacts.Executable(path: path)
        guard let target = state.resolving(path), case .regular(let content)? = tree[target]?.kind else {
            return result
        }
        let head = try ExtentReader.bytes(of: content[0..<min(content.length, 4096)])
        if head.starts(with: "#!".utf8) {
            script(head, folders: folders, &result)
        } else if let target = ELF.target(head) {
            result.form = .elf
            result.machine = target.machine
            let whole = content.length <= Self.limit ? try ExtentReader.bytes(of: content, limit: Self.limit) : head
            if let elf = ELF(whole), let interpreter = elf.interpreter {
                result.interpreter = interpreter
                result.problem = problem(of: interpreter)
                result.missingLibraries = elf.needed.filter {
                    !names.contains(Array($0.utf8.split(separator: 0x2F).last ?? [])[...])
                }
            }
        }
        return result
    }

    /// The first line, as the kernel reads it (fs/binfmt_script.c): the interpreter's path, and what follows as one
    /// argument.
    private func script(_ head: [UInt8], folders: [String], _ result: inout ProgramFacts.Executable) {
        result.form = .script
        let line = head.dropFirst(2).prefix { $0 != 0x0A && $0 != 0 }.drop { $0 == 0x20 || $0 == 0x09 }
        let path = line.prefix { $0 != 0x20 && $0 != 0x09 }
        let interpreter = String(decoding: path, as: UTF8.self)
        result.interpreter = interpreter
        result.problem = interpreter.isEmpty ? "is not named" : problem(of: interpreter)
        let argument = String(decoding: line.dropFirst(path.count), as: UTF8.self).split { $0 == " " || $0 == "\t" }
            .first.map(String.init)
        guard result.problem == nil, interpreter.hasSuffix("/env"), let argument, !argument.hasPrefix("-"),
            !argument.contains("=")
        else {
            return
        }
        if argument.contains("/")
            ? problem(of: argument) != nil : !folders.contains(where: { problem(of: "\($0)/\(argument)") == nil })
        {
            result.missingProgram = argument
        }
    }
}

extension RootState {
    /// What a path leads to, all links followed.
    func item(at text: String) -> Item? { resolving(text).flatMap { self[$0] } }

    /// The path that a path leads to, all links followed, whether or not something is there.
    func resolving(_ text: String) -> TreePath? { resolve(Array(text.utf8)) }
}

/// The contents of one image, unpacked when they are first asked for.
final class LazyContents {
    private let make: () throws -> ImageContents
    private var made: ImageContents?

    init(_ make: @escaping () throws -> ImageContents) { self.make = make }

    func get() throws -> ImageContents {
        if let made { return made }
        let contents = try make()
        made = contents
        return contents
    }
}

extension ImageSet {
    /// What an image has of a program, kept in the cache so that a warm build unpacks nothing.
    func program(_ candidates: [String], folders: [String], in image: Image, _ contents: LazyContents) throws
        -> ProgramFacts
    {
        let question = (candidates + [""] + folders).joined(separator: "\0")
        return try facts(
            "program \(SHA256.hash(Array(question.utf8)).hex)", content: image.identity, platform: image.platform
        ) {
            try ProgramFacts(candidates, folders: folders, in: contents.get())
        }
    }

    /// Facts that take long to find out.
    /// - Parameter content: digest of what they are about.
    func facts<Facts: Codable>(_ what: String, content: String, platform: Platform, _ find: () throws -> Facts) throws
        -> Facts
    {
        let bytes = try cache.small(.programFacts(what, of: content, platform), of: "programs") {
            try JSONText.compact(find())
        }
        return try JSONDecoder().decode(Facts.self, from: Data(bytes))
    }
}
