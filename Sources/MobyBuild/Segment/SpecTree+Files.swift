internal import Archive
internal import Extents
internal import Glibc
internal import MobySpec

extension SpecTree {
    /// What `files:` needs to know of the world.
    struct FileContext {
        var spec: Spec
        var identities: IdentityTable
        /// What `~/` of a source stands for.
        var home: String?
    }

    /// One entry of `files:`, with the parents that nobody has: they get its owner and its mode with search bits.
    mutating func add(file: FileSpec, _ context: FileContext) {
        guard let path = TreePath(file.path.utf8), !path.isRoot else {
            fault(file, "path '\(file.path)' is not a path inside the guest", hint: "it must not have '..' nor be empty")
            return
        }
        guard let uid = number(file.uid, "uid", file, context), let gid = number(file.gid, "gid", file, context) else { return }
        let kind: FileTree.Kind
        switch file.content {
        case .directory: kind = .directory
        case .symlink(let target): kind = .symlink(Array(target.utf8))
        case .contents(let text): kind = .regular(ExtentList([.bytes(Array(text.utf8))]))
        case .metadata(let form):
            kind = .regular(
                ExtentList([.bytes(Array((form == "json" ? context.spec.json.text(indent: 4) + "\n" : context.spec.yaml).utf8))]))
        case .source(let source):
            guard let content = host(source, file, context) else { return }
            kind = .regular(content)
        }
        var mode: UInt16 = file.mode ?? 0o600
        var parentMode = file.mode ?? 0o700
        if case .directory = kind { mode = file.mode ?? 0o700 }
        if case .symlink = kind { mode = 0o777 }
        if file.mode == nil, case .directory = kind { parentMode = 0o700 }
        for shift: UInt16 in [0, 3, 6] where parentMode >> shift & 0o7 != 0 { parentMode |= 1 << shift }
        put(
            path, FileTree.Node(kind, mode: mode, uid: uid, gid: gid),
            parent: FileTree.Node(.directory, mode: parentMode, uid: uid, gid: gid), at: file.location)
    }

    private mutating func number(_ identity: Identity?, _ key: String, _ file: FileSpec, _ context: FileContext) -> UInt32? {
        guard let identity else { return 0 }
        if let number = context.identities.number(identity) { return number }
        note(context.identities.unknown(identity, key: key, at: file.location))
        return nil
    }

    /// A file of the build machine. What is missing is passed over when the entry is optional.
    private mutating func host(_ source: String, _ file: FileSpec, _ context: FileContext) -> ExtentList? {
        var name = source
        if source.hasPrefix("~/") {
            guard let home = context.home else {
                fault(file, "source '\(source)' needs a home directory, and HOME is not set")
                return nil
            }
            name = home + source.dropFirst(1)
        }
        var info = stat()
        guard stat(name, &info) == 0, access(name, R_OK) == 0 else {
            if !file.optional {
                fault(file, "source '\(source)': \(String(cString: strerror(errno)))", hint: "write optional: true if it may be missing")
            }
            return nil
        }
        guard info.st_mode & S_IFMT == S_IFREG else {
            if !file.optional { fault(file, "source '\(source)' is not a regular file", hint: "give each file an entry of its own") }
            return nil
        }
        do { return try ExtentList(file: name) } catch {
            fault(file, "source '\(source)': \(error)")
            return nil
        }
    }

    private mutating func fault(_ file: FileSpec, _ message: String, hint: String? = nil) {
        note(Diagnostic(at: file.location, message, hint: hint))
    }
}
