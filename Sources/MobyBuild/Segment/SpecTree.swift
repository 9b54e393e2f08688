internal import Archive
internal import BootLayout
internal import Extents
internal import JSON
internal import MobySpec

/// The tree of the last, small segment: all that the YAML decides, and nothing that an image does.
struct SpecTree {
    /// Who asks for a node.
    struct Author {
        /// As it is named in a sentence, e.g. `container 'web'`.
        var name: String
        var location: SourceLocation?

        static let build = Author(name: "the build", location: nil)
    }

    private(set) var tree = FileTree()
    private(set) var problems: [Diagnostic] = []
    /// Sources of `files:` that are missing here: errors of a build, which may run elsewhere than the look at the spec.
    private(set) var missing: [Diagnostic] = []
    /// Files of the build machine that are in the tree, as the spec names them.
    private(set) var sources: [String: ExtentList] = [:]
    /// What was left out without an error.
    private(set) var notes: [String] = []
    /// Entries of `files:` that lie where something is mounted at boot, by where it is mounted.
    private(set) var overmounted: [(path: TreePath, mount: String, location: SourceLocation)] = []
    private var authors: [TreePath: Author] = [:]
    /// What init images and modules put at the root before: their directories keep their owner and mode, their links
    /// are followed.
    let root: RootState

    init(over root: RootState) { self.root = root }

    /// Puts a node and, with `parent` as pattern, the directories above it that no one else has made.
    /// - Returns: where it is, links followed; nil after an error.
    @discardableResult
    mutating func put(
        _ written: TreePath, _ node: FileTree.Node, parent: FileTree.Node = FileTree.Node(.directory, mode: 0o755),
        by author: Author
    ) -> TreePath? {
        guard let path = root.resolvingParents(written), !path.isRoot else {
            error("'/\(Self.quoted(written))' is behind a broken symbolic link", author)
            return nil
        }
        var above = path.parent
        var missing: [TreePath] = []
        while !above.isRoot {
            if let known = tree[above] {
                guard isDirectory(known) else {
                    let owner = authors[above]?.name ?? "another"
                    error(
                        "'/\(Self.quoted(path))' cannot be in '/\(Self.quoted(above))', which is not a directory in \(owner)",
                        author)
                    return nil
                }
                break
            }
            if let item = root[above], item.kind == .directory { break }
            missing.append(above)
            above = above.parent
        }
        if let old = tree[path], isDirectory(old) != isDirectory(node) {
            let (was, isNow) = isDirectory(old) ? ("a directory", "a file") : ("a file", "a directory")
            let other = authors[path] ?? .build
            error(
                "'/\(Self.quoted(path))' is \(was) for \(other.name) and \(isNow) for \(author.name)",
                author.location == nil ? other : author, hint: "remove one of the two, or change its path")
            return nil
        }
        for directory in missing.reversed() {
            tree.set(directory, parent)
            authors[directory] = author
        }
        tree.set(path, node)
        authors[path] = author
        return path
    }

    private static func quoted(_ path: TreePath) -> String { PlainText.short("\(path)") }

    private func isDirectory(_ node: FileTree.Node) -> Bool {
        if case .directory = node.kind { true } else { false }
    }

    private mutating func error(_ message: String, _ author: Author, hint: String? = nil) {
        problems.append(Diagnostic(at: author.location, message, hint: hint))
    }

    mutating func note(_ problem: Diagnostic) { problems.append(problem) }

    mutating func note(missing problem: Diagnostic) { missing.append(problem) }

    mutating func note(source name: String, _ content: ExtentList) { sources[name] = content }

    mutating func note(_ text: String) { notes.append(text) }

    mutating func directory(_ path: String, mode: UInt16 = 0o755, by author: Author = .build) {
        guard let path = TreePath(path.utf8) else { return }
        put(path, FileTree.Node(.directory, mode: mode), by: author)
    }

    mutating func file(_ path: String, _ text: String, by author: Author = .build) {
        guard let path = TreePath(path.utf8) else { return }
        put(path, .file(text, mode: 0o644), by: author)
    }
}

extension SpecTree {
    /// Folders of a running machine that hide what an initrd has there: those that PID 1 fills from
    /// ``BootLayout/overmountPath``, and others.
    private static let mounts: [(path: TreePath, isFilled: Bool)] = [
        (TreePath("run"), true), (TreePath("tmp"), true), (TreePath("var"), true), (TreePath("dev"), false),
        (TreePath("proc"), false),
        (TreePath("sys"), false),
    ]
    /// Folders that PID 1 makes, with their modes.
    private static let standard: [(path: TreePath, mode: UInt16)] =
        [
            (TreePath("run"), 0o755), (TreePath("tmp"), 0o1777), (TreePath("var"), 0o755),
            (TreePath("var/empty"), 0o555),
            (TreePath("var/tmp"), 0o1777),
        ]
        + [
            TreePath("var/cache"), TreePath("var/lib"), TreePath("var/local"), TreePath("var/lock"),
            TreePath("var/log"),
            TreePath("var/opt"),
            TreePath("var/spool"),
        ].map { ($0, 0o755) }

    /// Whether the mode of a folder is not for `files:` to choose by default.
    static func standardMode(_ path: TreePath) -> UInt16? { standard.first { $0.path == path }?.mode }

    /// The mount that hides what lies at a path, once a machine runs.
    static func hidingMount(_ path: TreePath) -> (path: TreePath, isFilled: Bool)? {
        mounts.first { path != $0.path && path.isInside($0.path) }
    }

    /// Gives an entry of `files:` a second name where PID 1 takes it from when the mount is there; the first serves tar
    /// archives, containers and what looks into an initrd.
    mutating func keepOvermounted(
        _ path: TreePath, parent: FileTree.Node, _ location: SourceLocation, by author: Author
    ) {
        guard let node = tree[path] else { return }
        let original = path
        // A link in every running machine.
        let linked = TreePath("var/run")
        let path =
            path.isInside(linked)
            ? TreePath("run").appending(TreePath(path.bytes.dropFirst(linked.bytes.count)) ?? .root) : path
        guard let mount = Self.hidingMount(path) else { return }
        overmounted.append((path, "/\(mount.path)", location))
        guard mount.isFilled, let folder = TreePath(BootLayout.overmountPath.utf8) else { return }
        directory("\(folder)", by: author)
        for above in path.parents where tree[folder.appending(above)] == nil {
            var node = tree[above] ?? parent
            if let mode = Self.standardMode(above) { node = FileTree.Node(.directory, mode: mode) }
            put(folder.appending(above), node, by: author)
        }
        guard let copy = put(folder.appending(path), node, by: author), case .regular = node.kind, path == original
        else { return }
        _ = tree.link(copy, to: path)
    }
}

extension SpecTree {
    /// A container's bundle: configuration, record and the mount points of its root.
    mutating func add(bundle explanation: Explanation) {
        let bundle = explanation.placement.bundle
        let author = Author(name: "container '\(explanation.container.name)'", location: explanation.container.location)
        directory(bundle, by: author)
        file("\(bundle)/config.json", explanation.config.config.json.text(indent: 4) + "\n", by: author)
        file("\(bundle)/runtime.json", explanation.config.record.text, by: author)
        directory("\(bundle)/rootfs", by: author)
        if explanation.config.record.mounts.contains(where: { $0.destination == "\(bundle)/tmp" }) {
            directory("\(bundle)/tmp", by: author)
        }
    }

    /// What the spec says about the machine as a whole; nothing when it has only defaults.
    mutating func add(machine settings: MachineSettings) {
        guard !settings.isDefault else { return }
        file(String(BootLayout.machine.dropFirst()), settings.text)
    }

    /// A volume's directories. Without `tmp`, PID 1 has nowhere to put changes: the volume is read-only.
    mutating func add(volume: VolumeSpec) {
        // A disk is mounted somewhere else, by an onboot container.
        guard volume.device == nil else { return }
        let folder = "\(BootLayout.volumes)/\(volume.name)"
        let author = Author(name: "volume '\(volume.name)'", location: volume.location)
        directory(folder, by: author)
        // An image brings its own, with the owner and mode of its root.
        if volume.image == nil { directory("\(folder)/lower", by: author) }
        directory("\(folder)/merged", by: author)
        if !volume.readonly { directory("\(folder)/tmp", by: author) }
    }
}
