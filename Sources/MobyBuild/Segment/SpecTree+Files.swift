internal import Archive
internal import Extents
internal import Glibc
internal import JSON
internal import MobySpec

extension SpecTree {
    /// What `files:` needs to know of the world.
    struct FileContext {
        var spec: Spec
        var identities: IdentityTable
        /// The folder that `~/` of a source means.
        var home: String?
    }

    /// One entry of `files:`, with the parents that are missing: they get its owner and its mode with search bits.
    mutating func add(file: FileSpec, _ context: FileContext) {
        guard let path = TreePath(file.path.utf8), !path.isRoot else {
            error(
                file, "path '\(PlainText.short(file.path))' is not a valid path in the guest",
                hint: "it must not be empty or contain '..'")
            return
        }
        guard let uid = number(file.uid, "uid", file, context), let gid = number(file.gid, "gid", file, context) else {
            return
        }
        let kind: FileTree.Kind
        switch file.content {
        case .directory: kind = .directory
        case .symlink(let target): kind = .symlink(Array(target.utf8))
        case .contents(let text): kind = .regular(ExtentList([.bytes(Array(text.utf8))]))
        case .metadata(let form):
            kind = .regular(
                ExtentList([
                    .bytes(Array((form == "json" ? context.spec.json.text(indent: 4) + "\n" : context.spec.yaml).utf8))
                ]))
        case .source(let source):
            guard let content = host(source, file, context) else { return }
            note(source: source, content)
            kind = .regular(content)
        }
        var mode: UInt16 = file.mode ?? 0o600
        var parentMode = file.mode ?? 0o700
        if case .directory = kind { mode = file.mode ?? 0o700 }
        if case .symlink = kind { mode = 0o777 }
        if file.mode == nil, case .directory = kind {
            parentMode = 0o700
            mode = Self.standardMode(path) ?? mode
        }
        for shift: UInt16 in [0, 3, 6] where parentMode >> shift & 0o7 != 0 { parentMode |= 1 << shift }
        let parent = FileTree.Node(.directory, mode: parentMode, uid: uid, gid: gid)
        let author = Author(name: "the entry '\(PlainText.short(file.path))' of files", location: file.location)
        guard let target = put(path, FileTree.Node(kind, mode: mode, uid: uid, gid: gid), parent: parent, by: author)
        else { return }
        keepOvermounted(target, parent: parent, file.location, by: author)
    }

    private mutating func number(_ identity: Identity?, _ key: String, _ file: FileSpec, _ context: FileContext)
        -> UInt32?
    {
        guard let identity else { return 0 }
        if let number = context.identities.number(identity) { return number }
        note(
            context.identities.unknown(
                identity, key: key, of: "file '\(PlainText.short(file.path))'", at: file.location))
        return nil
    }

    /// A file of the build machine. An optional entry is left out when its file is missing.
    private mutating func host(_ source: String, _ file: FileSpec, _ context: FileContext) -> ExtentList? {
        let quoted = PlainText.short(source)
        var name = source
        if source.hasPrefix("~/") {
            guard let home = context.home else {
                error(file, "source '\(quoted)' needs a home directory, but HOME is not set")
                return nil
            }
            name = home + source.dropFirst(1)
        }
        do { return try HostFile.read(name) } catch {
            if file.optional, error.canBeLeftOut {
                note(
                    "left out: '/\(PlainText.short(file.path))', whose optional source '\(quoted)' cannot be read: \(error.reason)"
                )
            } else {
                let problem = Diagnostic(at: file.location, "source '\(quoted)': \(error.reason)", hint: error.hint)
                if error.canBeLeftOut { note(missing: problem) } else { note(problem) }
            }
            return nil
        }
    }

    private mutating func error(_ file: FileSpec, _ message: String, hint: String? = nil) {
        note(Diagnostic(at: file.location, message, hint: hint))
    }
}
