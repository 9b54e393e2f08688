public import Archive
internal import Extents
public import MobySpec

/// The modules of one kernel release, as they lie below `lib/modules/<release>`.
public struct KernelModules: Sendable {
    /// E.g. `6.1.0-56-cloud-amd64`.
    public let release: String
    /// `usr/lib/modules/<release>` or `lib/modules/<release>`: where the modules lie in the tree they were read from.
    public let folder: TreePath
    /// In the order of their paths.
    public let modules: [KernelModule]
    /// Names of the modules that are built into the kernel.
    public let builtin: Set<String>
    private let byName: [String: Int]

    init(release: String, folder: TreePath, modules: [KernelModule], builtin: Set<String>) {
        self.release = release
        self.folder = folder
        self.modules = modules.sorted { $0.path < $1.path }
        self.builtin = builtin
        byName = Dictionary(self.modules.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Reads the modules of a tree.
    /// - Throws: `KernelModulesError` when there is no module folder, more than one, or a module that is not an ELF64
    ///   file with a `.modinfo` section.
    public init(_ tree: FileTree) throws {
        let (folder, release) = try Self.folder(in: tree)
        var modules: [KernelModule] = []
        var builtin: Set<String> = []
        for path in tree.paths {
            guard let below = path.removing(prefix: folder), case .regular(let contents)? = tree[path]?.kind else {
                continue
            }
            if below == TreePath("modules.builtin") {
                builtin = Self.builtin(try ExtentReader.bytes(of: contents))
            } else if below.bytes.ends(with: ".ko".utf8) {
                guard let modinfo = ELF(try ExtentReader.bytes(of: contents, limit: 256 << 20))?.section(".modinfo")
                else {
                    throw KernelModulesError.notAModule(path)
                }
                modules.append(KernelModule(path: below, modinfo: modinfo, size: contents.length))
            } else if below.bytes.ends(with: ".ko.xz".utf8) || below.bytes.ends(with: ".ko.gz".utf8)
                || below.bytes.ends(with: ".ko.zst".utf8)
            {
                throw KernelModulesError.compressed(path)
            }
        }
        self.init(release: release, folder: folder, modules: modules, builtin: builtin)
    }

    /// The module of a name in any spelling.
    public subscript(name: String) -> KernelModule? { byName[KernelModule.normalized(name)].map { modules[$0] } }

    /// The image of `@moby:kernel`, which has only what virtual machines need.
    private static let ownKernel = "localhost/moby/kernel:"

    /// The same of names in a spec.
    /// - Parameters:
    ///   - image: the kernel's, for messages.
    ///   - location: where the spec names the kernel, for names without a location.
    /// - Throws: `SpecError` with each unknown module, at its location.
    public func closure(of wanted: [Located<String>], image: String? = nil, location: SourceLocation? = nil) throws
        -> [KernelModule]
    {
        do { return try closure(of: wanted.map(\.value)) } catch KernelModulesError.unknown(let names, let release) {
            let kernel = "kernel \(release)" + (image.map { " of image '\(PlainText.short($0))'" } ?? "")
            throw SpecError(
                names.map { name, closest in
                    Diagnostic(
                        at: wanted.first { $0.value == name }?.location ?? location,
                        "\(kernel) has no module '\(PlainText.short(name))'",
                        hint: [
                            closest.map { "did you mean '\($0)'?" },
                            image?.hasPrefix(Self.ownKernel) == true
                                ? "'@moby:kernel-all' has all modules of this kernel, "
                                    + "'@moby:kernel-hardware' those of a kernel for real machines"
                                : nil,
                            closest == nil ? "write '?\(PlainText.short(name))' if it may be missing" : nil,
                        ].compactMap(\.self).joined(separator: "; "))
                })
        }
    }

    /// The modules wanted and all they need, in the order of their paths.
    /// - Parameter wanted: names (`virtio_net`, `virtio-net`) or patterns of paths without `.ko`
    ///   (`kernel/drivers/net/*`, `kernel/fs/**`). A driver built into the kernel needs no module. A name after `?` may
    ///   be missing.
    /// - Throws: `KernelModulesError.unknown` with all names and patterns that match nothing.
    public func closure(of wanted: [String]) throws -> [KernelModule] {
        var found: Set<Int> = []
        var unknown: [String] = []
        for text in wanted {
            let (name, isOptional) = Self.split(text)
            let matches = self.matches(name)
            if matches.isEmpty, !isOptional, !isBuiltin(name) { unknown.append(name) }
            found.formUnion(matches)
        }
        guard unknown.isEmpty else {
            throw KernelModulesError.unknown(unknown.map { ($0, closest(to: $0)) }, release: release)
        }
        return modules.indices.filter(expand(found).contains).map { modules[$0] }
    }

    /// The names after `?` that match nothing, without it.
    func absent(of wanted: [String]) -> [String] {
        wanted.map(Self.split).filter { $0.isOptional && matches($0.name).isEmpty && !isBuiltin($0.name) }.map(\.name)
    }

    private static func split(_ text: String) -> (name: String, isOptional: Bool) {
        text.hasPrefix("?") ? (String(text.dropFirst()), true) : (text, false)
    }

    private func isBuiltin(_ name: String) -> Bool { builtin.contains(KernelModule.normalized(name)) }

    /// What a module needs, in the order to load it in.
    func loadOrder(of module: KernelModule) -> [KernelModule] {
        var order: [KernelModule] = []
        var seen: Set<String> = [module.name]
        func visit(_ module: KernelModule) {
            for dependency in module.depends.compactMap({ self[$0] }) where seen.insert(dependency.name).inserted {
                visit(dependency)
                order.append(dependency)
            }
        }
        visit(module)
        return order
    }

    private func matches(_ name: String) -> [Int] {
        guard name.contains("/") || name.contains("*") else {
            return byName[KernelModule.normalized(name)].map { [$0] } ?? []
        }
        let pattern = PathPattern(name)
        return modules.indices.filter { index in
            let path = modules[index].path
            return pattern.matches(path) || TreePath(path.bytes.dropLast(3)).map(pattern.matches) == true
        }
    }

    private func expand(_ start: Set<Int>) -> Set<Int> {
        var found = start
        var pending = Array(start)
        while let index = pending.popLast() {
            let module = modules[index]
            for name in module.depends + module.softDependencyNames {
                if let next = byName[name], found.insert(next).inserted { pending.append(next) }
            }
        }
        return found
    }

    private func closest(to name: String) -> String? {
        let wanted = KernelModule.normalized(name)
        let names = modules.map(\.name)
        return names.filter { $0.hasPrefix(wanted) || (wanted.count > 3 && $0.contains(wanted)) }.min {
            $0.count < $1.count
        }
            ?? (wanted.count > 3 ? Spelling.closest(to: wanted, in: names) : nil)
    }

    private static func folder(in tree: FileTree) throws -> (TreePath, release: String) {
        let parents = [TreePath("usr/lib/modules"), TreePath("lib/modules")]
        let folders = tree.paths.filter {
            parents.contains($0.parent) && tree[$0].map { if case .directory = $0.kind { true } else { false } } == true
        }
        guard let folder = folders.first else { throw KernelModulesError.noFolder }
        guard folders.count == 1 else { throw KernelModulesError.severalFolders(folders.map(\.description)) }
        return (folder, String(decoding: folder.name, as: UTF8.self))
    }

    /// `modules.builtin` holds one path a line.
    private static func builtin(_ text: [UInt8]) -> Set<String> {
        Set(
            text.split(separator: UInt8(ascii: "\n")).map { line in
                KernelModule.name(
                    ofFile: String(
                        decoding: line[(line.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? line.startIndex)...],
                        as: UTF8.self))
            })
    }
}

extension TreePath {
    /// The path below a folder; nil when it does not lie in it.
    func removing(prefix: TreePath) -> TreePath? {
        guard bytes.count > prefix.bytes.count + 1, bytes.starts(with: prefix.bytes),
            bytes[prefix.bytes.count] == UInt8(ascii: "/")
        else {
            return nil
        }
        return TreePath(bytes[(prefix.bytes.count + 1)...])
    }
}

extension Array<UInt8> {
    func ends(with suffix: String.UTF8View) -> Bool {
        count > suffix.count && self[(count - suffix.count)...].elementsEqual(suffix)
    }
}

extension KernelModules {
    /// The tree with these modules and their indexes only: what a kernel's tar has once the modules are chosen.
    /// - Parameters:
    ///   - tree: the tree this was read from.
    ///   - kept: the modules that stay, from ``closure(of:)``.
    /// - Throws: `FileError` or `ExtentError` when the order of modules cannot be read.
    public func pruned(_ tree: FileTree, keeping kept: [KernelModule]) throws -> FileTree {
        let keptPaths = Set(kept.map(\.path))
        var wanted: Set<TreePath> = []
        for path in tree.paths {
            guard let below = path.removing(prefix: folder) else { continue }
            let isKept = keptPaths.contains(below) || Self.builtinIndexes.contains(below)
            guard isKept else { continue }
            var ancestor = path
            while !ancestor.isRoot {
                wanted.insert(ancestor)
                ancestor = ancestor.parent
            }
        }
        var result = FileTree()
        for path in wanted.sorted() {
            if let node = tree[path] { result.set(path, node) }
        }
        for (name, text) in try indexes(for: kept, in: tree) {
            if let path = TreePath(name.utf8) {
                result.set(
                    folder.appending(path), FileTree.Node(.regular(ExtentList([.bytes(Array(text.utf8))])), mode: 0o644)
                )
            }
        }
        return result
    }

    private static let builtinIndexes: Set<TreePath> = [
        TreePath("modules.builtin"), TreePath("modules.builtin.modinfo"),
    ]

    private func indexes(for kept: [KernelModule], in tree: FileTree) throws -> [(name: String, text: String)] {
        var files = KernelModuleIndex.files(for: kept, of: self)
        let path = folder.appending(TreePath("modules.order"))
        if case .regular(let order)? = tree[path]?.kind {
            let text = try context("reading '\(path)'") { try ExtentReader.bytes(of: order) }
            let names = Set(kept.map(\.path.description))
            let lines = String(decoding: text, as: UTF8.self).split(separator: "\n").filter {
                names.contains(String($0))
            }
            files.append(("modules.order", lines.map { "\($0)\n" }.joined()))
        }
        return files
    }
}
