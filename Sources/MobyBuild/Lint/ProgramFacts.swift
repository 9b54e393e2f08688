internal import Archive
internal import Extents
internal import FoundationEssentials
internal import OCI

/// What of an image's files decides whether a program can be started (execve(2)): found out once for each image, and
/// kept.
struct ProgramFacts: Codable, Equatable, Sendable {
    /// A file that is executed: the program, then the interpreter of a script, and so on.
    struct Executable: Codable, Equatable, Sendable {
        enum Form: String, Codable, Sendable { case elf, script, unknown }

        /// As it was asked for.
        var path: String
        var form = Form.unknown
        /// `e_machine` of an ELF file.
        var machine = 0
        /// The loader of an ELF file (PT_INTERP), the program after `#!` of a script.
        var interpreter: String?
        /// What is wrong with the interpreter, e.g. `does not exist`.
        var fault: String?
        /// What `/usr/bin/env` of a script is to look for, when no folder of PATH has it.
        var missingProgram: String?
        /// Libraries (DT_NEEDED) of a name that no file of the image has.
        var missingLibraries: [String] = []
    }

    /// The first candidate that can be executed.
    var path: String?
    /// What is wrong with the candidates when none can.
    var reason = "does not exist"
    var executables: [Executable] = []
}

extension ProgramFacts {
    /// Changes whenever the same files give other facts.
    static let version = 2

    /// - Parameters:
    ///   - candidates: absolute paths, the first that can be executed counts.
    ///   - folders: of PATH, for `#!/usr/bin/env NAME`.
    init(_ candidates: [String], folders: [String], in contents: ImageContents) throws {
        for candidate in candidates {
            guard let fault = contents.fault(of: candidate) else {
                path = candidate
                break
            }
            if fault != reason { reason = fault }
        }
        guard var next = path else { return }
        // As many as the kernel follows (BINPRM_MAX_RECURSION).
        for _ in 0..<5 {
            let executable = try contents.executable(next, folders: folders)
            executables.append(executable)
            guard executable.form == .script, executable.fault == nil, let interpreter = executable.interpreter else {
                break
            }
            next = interpreter
        }
    }
}

/// The files of an image by name, and what is in them.
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
    func fault(of path: String) -> String? {
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
        guard let place = state.resolving(path), case .regular(let content)? = tree[place]?.kind else { return result }
        let head = try ExtentReader.bytes(of: content[0..<min(content.length, 4096)])
        if head.starts(with: "#!".utf8) {
            script(head, folders: folders, &result)
        } else if let target = ELF.target(head) {
            result.form = .elf
            result.machine = target.machine
            let whole = content.length <= Self.limit ? try ExtentReader.bytes(of: content, limit: Self.limit) : head
            if let elf = ELF(whole), let interpreter = elf.interpreter {
                result.interpreter = interpreter
                result.fault = fault(of: interpreter)
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
        result.fault = interpreter.isEmpty ? "is not named" : fault(of: interpreter)
        let argument = String(decoding: line.dropFirst(path.count), as: UTF8.self).split { $0 == " " || $0 == "\t" }
            .first.map(String.init)
        guard result.fault == nil, interpreter.hasSuffix("/env"), let argument, !argument.hasPrefix("-"),
            !argument.contains("=")
        else {
            return
        }
        if argument.contains("/")
            ? fault(of: argument) != nil : !folders.contains(where: { fault(of: "\($0)/\(argument)") == nil })
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
        let bytes = try cache.small(.programFacts(what, of: content, platform)) { try JSONText.compact(find()) }
        return try JSONDecoder().decode(Facts.self, from: Data(bytes))
    }
}
