internal import Archive
internal import Attest
internal import Extents
internal import FoundationEssentials
internal import JSON
internal import MobySpec

/// Builds the file tree of an image from the parts in its `build.yml`.
struct PackageContents {
    let folder: PackageFolder
    let products: Products
    /// Time of entries that come from no package, in seconds since 1970.
    let time: Int64
    /// A folder for files that must stay until the tree has been read.
    let work: String
    /// Called with oddities that are not errors.
    let warn: (String) -> Void
    /// Called with what the reader should know.
    var note: (String) -> Void = { _ in }

    /// - Returns: the tree and the image's labels.
    func make(_ packages: [UnpackedPackage]) throws -> (tree: FileTree, labels: [String: String]) {
        var labels = folder.spec.labels
        if let config = folder.spec.config { labels[PackageSpec.configLabel] = config.text(indent: 0) }
        var unpacked = try PackageTree(packages)
        guard let kernel = folder.spec.kernel else {
            let others = try unpacked.configure(packages, time: time)
            var tree = try root(unpacked.tree)
            var owners = unpacked.owners(of: tree.paths)
            for case .concatenation(let patterns) in folder.spec.files.map(\.content) {
                owners.formUnion(unpacked.owners(of: unpacked.tree.paths(matching: patterns)))
            }
            noteScripts(others, of: owners)
            addLicences(unpacked.licences(of: owners), to: &tree)
            let shipped = packages.filter { owners.contains($0.name) }
            addRecords(shipped.map { ($0, unpacked.files(of: $0.name, in: tree)) }, to: &tree)
            let diagnostics = ProgramCheck(folder.spec).diagnostics(in: tree)
            guard diagnostics.isEmpty else { throw SpecError(diagnostics) }
            return (tree, labels)
        }
        let image = try KernelPackage(unpacked.tree, modules: kernel.modules, tarPath: "\(work)/kernel.tar", time: time)
        labels["org.mobyproject.kernel.initrd"] = image.decompressors.joined(separator: " ")
        var tree = image.tree
        let files = tree.paths
        addLicences(unpacked.licences(of: Set(packages.map(\.name))), to: &tree)
        addRecords(packages.map { ($0, $0.name.hasPrefix("linux-image-") ? files : []) }, to: &tree)
        return (tree, labels)
    }

    private func addLicences(_ licences: [(path: TreePath, node: FileTree.Node)], to tree: inout FileTree) {
        for (path, node) in licences where tree[path] == nil {
            tree.makeDirectories(path.parent, modified: time)
            tree.set(path, node)
        }
    }

    /// Notes the packages where scanners look for those of images without dpkg, in one file: memory of a machine is
    /// taken by the page.
    private func addRecords(_ packages: [(UnpackedPackage, [TreePath])], to tree: inout FileTree) {
        let records = packages.map { package, files in
            DebianPackages.record(control: package.control, sha256: package.sha256, files: files.map { "\($0)" })
        }
        let name = folder.spec.image.value.split(separator: "/").last ?? "image"
        guard records.contains(where: { !$0.isEmpty }), let path = TreePath("\(DebianPackages.folder)/\(name)".utf8)
        else {
            return
        }
        tree.makeDirectories(path.parent, modified: time)
        tree.set(
            path,
            FileTree.Node(
                .regular(ExtentList([.bytes(Array(records.joined().utf8))])), mode: 0o644, modified: time))
    }

    private func noteScripts(_ others: [(package: String, commands: [String])], of owners: Set<String>) {
        for (package, commands) in others where owners.contains(package) {
            let names = commands.map { "'\(PlainText.short($0))'" }.joined(separator: ", ")
            note(
                "\(folder.spec.image.value): the installation script of Debian package '\(package)' also runs \(names): left out"
            )
        }
    }

    private func root(_ packages: FileTree) throws -> FileTree {
        let spec = folder.spec
        var tree = packages
        if let only = spec.only {
            let selection = try Selection(only, of: tree)
            selection.oddities.forEach(warn)
            tree = selection.tree
        }
        for (key, patterns) in [("drop", spec.drop), ("keep", spec.keep)] {
            for pattern in tree.unused(patterns) {
                warn("\(pattern.location): '\(key): \(PlainText.short(pattern.value))' matches nothing")
            }
        }
        let drop = (spec.only == nil ? PackageSpec.defaultDrop : []) + spec.drop.map(\.value)
        PathRules(drop: drop.map(PathPattern.init), keep: spec.keep.map { PathPattern($0.value) }).apply(to: &tree)
        UsrMerge.addLinks(to: &tree, modified: time)
        for (name, path) in spec.products {
            let product = try ExtentList(file: products.path(of: name))
            try put(
                FileTree.Node(.regular(product), mode: 0o755, modified: time), at: path, in: &tree, spec.image.location)
        }
        var seen: [String: SourceLocation] = [:]
        for file in spec.files {
            if case .path(let path) = file.target, let first = seen.updateValue(file.location, forKey: path) {
                throw SpecError([
                    Diagnostic(
                        at: file.location,
                        "duplicate file '\(PlainText.short(path))' (first on line \(first.line))")
                ])
            }
            try add(file, to: &tree, packages: packages)
        }
        guard tree.paths.contains(where: { !UsrMerge.isLayout($0) }) else {
            throw SpecError([
                Diagnostic(
                    at: spec.image.location, "image '\(PlainText.short(spec.image.value))' has no files",
                    hint: "add 'packages', 'files', 'products' or 'kernel'")
            ])
        }
        return tree
    }

    private func add(_ file: PackageFile, to tree: inout FileTree, packages: FileTree) throws {
        switch file.content {
        case .directory: try add(file, .directory, defaultMode: 0o755, in: &tree)
        case .symlink(let target): try add(file, .symlink(Array(target.utf8)), defaultMode: 0o777, in: &tree)
        case .contents(let text):
            try add(file, .regular(ExtentList([.bytes(Array(text.utf8))])), defaultMode: 0o644, in: &tree)
        case .source(let name): try addSource(file, folder.source(name), to: &tree)
        case .concatenation(let patterns):
            try packages.checkUse(of: patterns, in: "concatenate")
            var all = ExtentList()
            for path in packages.paths(matching: patterns) {
                guard case .regular(let contents)? = packages[path]?.kind else { continue }
                for extent in contents.extents { all.append(extent) }
            }
            try add(file, .regular(all), defaultMode: 0o644, in: &tree)
        }
    }

    private func addSource(_ file: PackageFile, _ source: PackageFolder.Source, to tree: inout FileTree) throws {
        for entry in try source.entries() {
            var copy = file
            if case .path(let path) = file.target, !entry.name.isEmpty { copy.target = .path("\(path)/\(entry.name)") }
            switch entry.kind {
            case .directory:
                copy.mode = nil
                try add(copy, .directory, defaultMode: 0o755, in: &tree)
            case .link(let target):
                copy.mode = nil
                try add(copy, .symlink(target), defaultMode: 0o777, in: &tree)
            case .file:
                try add(
                    copy, .regular(ExtentList(file: entry.path)), defaultMode: entry.isExecutable ? 0o755 : 0o644,
                    in: &tree)
            }
        }
    }

    private func add(_ file: PackageFile, _ kind: FileTree.Kind, defaultMode: UInt16, in tree: inout FileTree) throws {
        let node = FileTree.Node(kind, mode: file.mode ?? defaultMode, uid: file.uid, gid: file.gid, modified: time)
        switch file.target {
        case .path(let path): try put(node, at: path, in: &tree, file.location)
        case .list(let name):
            for path in folder.lines(of: name) { try put(node, at: path, in: &tree, file.location) }
        }
    }

    /// `build.yml` was checked when it was read: its paths are tree paths.
    /// - Throws: `SpecError` for a path below a file or link: an unpacker may follow the link out of the image.
    private func put(_ node: FileTree.Node, at path: String, in tree: inout FileTree, _ location: SourceLocation) throws
    {
        guard let name = TreePath(path.utf8) else { return }
        let path = UsrMerge.merged(name)
        var parent = path.parent
        while !parent.isRoot {
            if tree[parent] != nil, !tree.isDirectory(parent) {
                throw SpecError([
                    Diagnostic(
                        at: location,
                        "'\(PlainText.short("\(path)"))' is below '\(PlainText.short("\(parent)"))', which is not a directory",
                        hint: "write the path with the target of the link, or leave the link out")
                ])
            }
            parent = parent.parent
        }
        var node = node
        if case .symlink(let target) = node.kind { node.kind = .symlink(UsrMerge.target(target, ofLinkAt: name)) }
        tree.makeDirectories(path.parent, modified: time)
        tree.set(path, node)
    }
}
