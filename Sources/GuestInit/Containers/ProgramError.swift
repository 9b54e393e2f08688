internal import CInit
internal import Glibc
internal import GuestSystem

/// Why a container's program cannot be executed, derived from runc's messages: an error of the image or the
/// configuration, so that another try is useless.
struct ProgramError: Equatable {
    /// `'/app' cannot be started: its loader '/lib64/ld-linux-x86-64.so.2' is not in the image`.
    let text: String
    /// True when the program does not exist, false when it cannot be executed.
    let isAbsence: Bool

    private enum Kind {
        case missing, notInPath, forbidden, format, folder

        /// The ends of runc's messages: `exec: "/app": stat /app: no such file or directory`, `exec /app: exec format
        /// error`.
        static let endings: [(text: String, kind: Kind)] = [
            ("executable file not found in $PATH", .notInPath), ("no such file or directory", .missing),
            ("permission denied", .forbidden),
            ("exec format error", .format), ("is a directory", .folder),
        ]
    }

    /// Nil when the lines have another subject.
    /// - Parameters:
    ///   - lines: the last lines of runc, or of the container's first process before it executed the program.
    ///   - program: first word of the container's command.
    ///   - root: the container's files.
    init?(in lines: [String], program: String, root: ProgramRoot) {
        guard !program.isEmpty, let (kind, path) = lines.reversed().lazy.compactMap({ Self.find($0, program) }).first
        else { return nil }
        let reason = Self.reason(kind, path, root: root)
        text = "'\(program)' cannot be started: \(reason)"
        isAbsence = kind == .missing || kind == .notInPath
    }

    init?(in lines: [String], of bundle: Bundle) {
        guard let (name, root) = bundle.program else { return nil }
        self.init(in: lines, program: name, root: root)
    }

    private static func find(_ line: String, _ program: String) -> (Kind, path: String)? {
        // With --debug, runc's messages are quoted.
        let line = line.exchanging("\\\"", for: "\"")
        guard let start = line.bounds(of: "exec: \"") ?? line.bounds(of: "exec ") else { return nil }
        let rest = line[start.upperBound...]
        guard let end = rest.firstIndex(where: { $0 == "\"" || $0 == ":" }) else { return nil }
        let path = String(rest[..<end])
        guard Files.lastComponent(path) == Files.lastComponent(program) else { return nil }
        for (text, kind) in Kind.endings where String(rest).has(text) { return (kind, path) }
        return nil
    }

    private static func reason(_ kind: Kind, _ path: String, root: ProgramRoot) -> String {
        switch kind {
        case .notInPath: return "it is not in any directory of PATH"
        case .folder: return "it is a directory"
        case .missing, .forbidden, .format: break
        }
        let file = ProgramFile(path, in: root)
        switch (kind, file) {
        case (.missing, .absent): return "it is not in the image"
        case (.missing, .elf(let loader?)): return "its loader '\(loader)' is not in the image"
        case (.missing, .script(let interpreter)): return "its interpreter '\(interpreter)' is not in the image"
        case (.missing, _): return "no such file or directory"
        case (.forbidden, _): return "it is not executable, or its user cannot reach it"
        case (_, .elf): return "it is a program for another processor"
        case (_, .script), (_, .absent): return "exec format error"
        case (_, .other): return "it is neither a program nor a script that begins with '#!'"
        }
    }
}

/// The files of a container, as PID 1 sees them before it runs.
struct ProgramRoot: Equatable {
    struct Bind: Equatable {
        var target: String
        var source: String
    }

    var folder: String
    var binds: [Bind] = []

    /// Opens a file for reading, links followed as by a process with that root. Returns a descriptor or a negative
    /// errno.
    func open(_ path: String) -> Int32 {
        let bind = binds.last { path == $0.target || path.hasPrefix($0.target == "/" ? "/" : $0.target + "/") }
        guard let bind else { return cinit_open_in_root(folder, path) }
        let rest = path.dropFirst(bind.target == "/" ? 0 : bind.target.utf8.count)
        return rest.isEmpty
            ? Glibc.open(bind.source, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : cinit_open_in_root(bind.source, String(rest))
    }
}

/// What kind of program a file is.
enum ProgramFile: Equatable {
    case absent
    /// An ELF file, with the program that loads it when it is linked dynamically.
    case elf(loader: String?)
    case script(interpreter: String)
    case other

    init(_ path: String, in root: ProgramRoot) {
        let file = root.open(path)
        guard file >= 0 else {
            self = .absent
            return
        }
        defer { close(file) }
        let head = Self.read(file, at: 0, count: 256)
        if head.starts(with: [0x7F, 0x45, 0x4C, 0x46]) {
            self = .elf(loader: Self.loader(file, head))
        } else if head.starts(with: "#!".utf8) {
            let words = head.dropFirst(2).prefix { $0 != 0x0A }.split(whereSeparator: {
                $0 == 0x20 || $0 == 0x09 || $0 == 0x0D
            })
            self = .script(interpreter: words.first.map { String(decoding: $0, as: UTF8.self) } ?? "")
        } else {
            self = .other
        }
    }

    private static func read(_ file: Int32, at offset: Int, count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let length = pread(file, &bytes, count, off_t(offset))
        return Array(bytes.prefix(max(0, length)))
    }

    /// PT_INTERP of a little-endian 64-bit ELF file (ELF-64 Object File Format, 1.5: program headers at byte 32,
    /// their size and number at 54 and 56).
    private static func loader(_ file: Int32, _ head: [UInt8]) -> String? {
        func number(_ bytes: [UInt8], _ offset: Int, _ size: Int) -> Int {
            guard offset + size <= bytes.count else { return 0 }
            return (0..<size).reduce(0) { $0 | Int(truncatingIfNeeded: UInt64(bytes[offset + $1]) << UInt64(8 * $1)) }
        }
        guard head.count >= 64, head[4] == 2, head[5] == 1 else { return nil }
        let (start, size, count) = (number(head, 32, 8), number(head, 54, 2), number(head, 56, 2))
        guard start > 0, size >= 56, count < 1000 else { return nil }
        let headers = read(file, at: start, count: size * count)
        for at in stride(from: 0, to: headers.count - 55, by: size) where number(headers, at, 4) == 3 {
            let (offset, length) = (number(headers, at + 8, 8), number(headers, at + 32, 8))
            guard offset >= 0, (1...4096).contains(length) else { return nil }
            return String(decoding: read(file, at: offset, count: length).prefix { $0 != 0 }, as: UTF8.self)
        }
        return nil
    }
}
