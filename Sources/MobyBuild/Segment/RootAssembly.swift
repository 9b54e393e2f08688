internal import Archive
internal import BootLayout
internal import Extents
internal import MobySpec

/// Makes the whole root as segments: init images first, for they decide what the rest finds at `/`.
struct RootAssembly {
    struct Result {
        /// In the order of the initrd; the microcode first.
        var segments: [Segment] = []
        /// The same as trees.
        var parts: [RootPart] = []
        var warnings: [Diagnostic] = []
        /// What was found out about names on the way.
        var names = Names()
        /// The root for a disk, for each file system asked for.
        var diskRoots: [RootFileSystem: DiskRoot] = [:]

        var microcode: Segment? { segments.first { $0.key.role == .microcode } }
    }

    /// What lies at the root, by names.
    struct Names {
        /// Init images, modules and `files:`.
        var root = RootState()
        /// Entries of `files:` that mounts hide at boot.
        var overmounted: [(path: TreePath, mount: String, location: SourceLocation)] = []
        /// What was left out.
        var notes: [String] = []
        var problems: [Diagnostic] = []
        /// Errors of a build only: `files:` whose sources this machine does not have.
        var missing: [Diagnostic] = []
        /// Files of the build machine that `files:` has taken in, as the spec names them.
        var sources: [String: ExtentList] = [:]
    }

    /// The owner of names that ``names()`` have from `files:`.
    static let filesOwner = "files"

    let spec: Spec
    let layouts: VolumeLayouts
    let containers: ContainerPlan
    let kernel: KernelImage?
    let cache: BuildCache
    let plan: SegmentPlan
    let home: String?
    let sbomPath: String?
    /// Numbers of containers that `files:` may name.
    var identities: IdentityTable

    /// What a root is assembled from.
    struct Parts {
        let spec: Spec
        let images: ImageSet
        let layouts: VolumeLayouts
        let containers: ContainerPlan
        let kernel: KernelImage?
    }

    init(_ parts: Parts, _ options: BuildOptions) {
        spec = parts.spec
        layouts = parts.layouts
        containers = parts.containers
        kernel = parts.kernel
        cache = parts.images.cache
        home = options.home
        sbomPath = options.sbom.path
        identities = IdentityTable(parts.spec)
        let compression = options.compression ?? (parts.kernel?.facts.readsZstd == true ? .zstd(level: 3) : .gzip)
        plan = SegmentPlan(spec: parts.spec, images: parts.images, compression: compression)
    }

    /// - Parameters:
    ///   - sbom: the bytes of the document in the root; nil leaves it out.
    ///   - encoding: whether an initrd is wanted; without it only what decides about names is encoded.
    ///   - onDisk: file systems as which the root is wanted on a disk.
    func assemble(sbom: [UInt8]?, encoding: Bool, onDisk: [RootFileSystem]) async throws -> Result {
        let initial = plan.initial()
        let initialSegments = try await SegmentEncoder.encode(initial, in: cache)
        let listings = zip(initial, initialSegments).map { ($0, names($1)) }
        let modulesTree = kernel.flatMap { ModulesTree($0, root: state(listings)) }
        let modules = modulesTree.map { plan.modules($0) }
        let microcode = kernel.flatMap { plan.microcode($0) }
        let others = try plan.containers() + plan.volumes(layouts)

        let first = [microcode, modules].compactMap(\.self)
        let rest = try await SegmentEncoder.encode(first + (encoding ? others : []), in: cache)
        let moduleListing = modules.map { ($0, names(rest[first.count - 1])) }

        var (tree, found) = try specTree(over: [moduleListing].compactMap(\.self) + listings)
        found.notes += try await cache.supplied { try modulesTree?.skipped() ?? [] }
        guard found.problems.isEmpty, found.missing.isEmpty else { throw SpecError(found.missing + found.problems) }
        let folder = state(listings).resolvingParents(TreePath("etc/moby")) ?? TreePath("etc/moby")
        // Before the files of the spec, which may have one of this name.
        let files =
            try [sbom.map { try bill($0, over: found.root) }].compactMap(\.self) + [
                plan.generated(tree, role: .spec, title: "linuxkit.files")
            ]
        let whole = sentinel(folder, after: first + initial + others + files)
        let last = files + [try plan.generated(whole, role: .sentinel, title: "sentinel")]
        var result = Result()
        result.names = found
        let (head, tail) = (rest[..<first.count], rest[first.count...])
        result.segments = try await head + initialSegments + tail + SegmentEncoder.encode(last, in: cache)
        let all = [modules].compactMap(\.self) + initial + others + last
        result.parts = all.compactMap { RootPart($0) }
        for fileSystem in onDisk {
            // Each has an initrd of its own: its bytes do not depend on what else a build makes.
            let initrd = plan.diskInitrd(modulesTree, initial, [fileSystem])
            result.diskRoots[fileSystem] = try await diskRoot(all, initrd: initrd, result.parts)
        }
        result.warnings = result.segments.compactMap(attributeWarning)
        return result
    }

    /// The segment of the SBOM, apart from others: no other changes with it.
    private func bill(_ bytes: [UInt8], over root: RootState) throws -> PlannedSegment {
        let written = TreePath((sbomPath ?? SBOMOptions.usualPath).utf8) ?? .root
        let path = root.resolvingParents(written) ?? written
        if let item = root[path], item.kind != .regular {
            throw Diagnostic(
                at: nil,
                "'/\(PlainText.short("\(path)"))' is \(item.kind.phrase) in '\(PlainText.short(item.owner))', "
                    + "where the build puts the SBOM",
                hint: "name another path with --sbom-output, or leave it out with --no-sbom")
        }
        var tree = FileTree()
        for parent in path.parents where root[parent] == nil { tree.makeDirectories(parent) }
        tree.set(path, FileTree.Node(.regular(ExtentList(bytes: bytes)), mode: 0o644))
        return try plan.generated(tree, role: .sbom, title: "sbom")
    }

    private func diskRoot(_ planned: [PlannedSegment], initrd: PlannedSegment, _ parts: [RootPart]) async throws
        -> DiskRoot
    {
        let mark = try plan.generated(
            sentinel(TreePath("etc/moby"), after: [initrd]), role: .sentinel, title: "sentinel")
        return DiskRoot(
            segments: try await SegmentEncoder.encode([initrd, mark], in: cache), parts: parts,
            identity: planned.map(\.key.hex).joined(separator: "\n"), cache: cache)
    }

    private func names(_ segment: Segment) -> RootListing {
        guard let listing = segment.names else {
            preconditionFailure("segment '\(segment.title)' was made without its names")
        }
        return listing
    }

    private func state(_ listings: [(PlannedSegment, RootListing)]) -> RootState {
        var state = RootState()
        for (segment, listing) in listings { state.unpack(listing, from: segment.title) }
        return state
    }

    /// The tree of the spec over the listings, all checked against each other.
    private func specTree(over listings: [(PlannedSegment, RootListing)]) throws -> (FileTree, Names) {
        var check = OverlapCheck()
        for (segment, listing) in listings { check.add(listing, from: segment.title, at: segment.location) }
        var tree = SpecTree(over: check.root)
        for explanation in containers.explanations { tree.add(bundle: explanation) }
        for volume in spec.volumes { tree.add(volume: volume) }
        let context = SpecTree.FileContext(spec: spec, identities: identities, home: home)
        for file in spec.files { tree.add(file: file, context) }
        tree.directory("etc/moby")
        tree.add(machine: MachineSettings(spec))
        check.add(RootListing(tree.tree), from: Self.filesOwner, at: spec.files.first?.location)
        let problems = tree.problems + check.problems + sentinelProblems(check.root, listings.map(\.0))
        return (
            tree.tree,
            Names(
                root: check.root, overmounted: tree.overmounted, notes: tree.notes, problems: problems,
                missing: tree.missing, sources: tree.sources)
        )
    }

    /// The sentinel is a file of the build: anything else in its place stays there when the kernel unpacks, and PID 1
    /// considers the initrd truncated.
    private func sentinelProblems(_ root: RootState, _ segments: [PlannedSegment]) -> [Diagnostic] {
        guard let path = root.resolvingParents(TreePath("etc/moby/sentinel")), let item = root[path],
            item.kind != .regular
        else {
            return []
        }
        return [
            Diagnostic(
                at: segments.first { $0.title == item.owner }?.location ?? spec.files.first?.location,
                "'/\(PlainText.short("\(path)"))' is \(item.kind.phrase) in '\(PlainText.short(item.owner))', "
                    + "where the build puts the file that marks a complete initrd",
                hint: "remove it")
        ]
    }

    /// What ``assemble(encoding:onDisk:)`` finds out about names, and its errors, with nothing encoded.
    func names() throws -> Names {
        var listings = try plan.initial().map { ($0, try listing($0)) }
        var problems: [Diagnostic] = []
        var notes: [String] = []
        if let tree = kernel.flatMap({ ModulesTree($0, root: state(listings)) }) {
            let modules = plan.modules(tree)
            do {
                listings.insert((modules, try listing(modules)), at: 0)
                notes = try tree.skipped()
            } catch let problem as Diagnostic {
                problems.append(problem)
            } catch let error as SpecError { problems += error.diagnostics }
        }
        var names = try specTree(over: listings).1
        names.problems = problems + names.problems
        names.notes += notes
        return names
    }

    private func listing(_ segment: PlannedSegment) throws -> RootListing {
        if let known = try segment.cached(in: cache)?.names { return known }
        guard case .tree(let make) = segment.content else { return RootListing() }
        return RootListing(try make())
    }

    /// The last entry of all. Its folder is in the tree before: it alone tells that the initrd arrived whole. `moby
    /// inspect` finds in it what each segment is: after "whole" a line of role and title for each, itself at the end.
    private func sentinel(_ folder: TreePath, after segments: [PlannedSegment]) -> FileTree {
        // Digests, not names: one image has the same bytes wherever it came from. An edit of the file changes its own
        // segment only.
        let sources = segments.map { "\($0.key.role.rawValue) \($0.key.role == .spec ? $0.title : $0.key.content)" }
        let lines = ["whole"] + sources + ["sentinel"]
        var tree = FileTree()
        tree.set(folder.appending(TreePath("sentinel")), .file(lines.map { $0 + "\n" }.joined(), mode: 0o444))
        return tree
    }

    /// A number of files, for a sentence.
    static func files(_ count: Int) -> String { count == 1 ? "1 file" : "\(count) files" }

    private func attributeWarning(_ segment: Segment) -> Diagnostic? {
        guard segment.record.lostAttributes > 0 else { return nil }
        return Diagnostic(
            .warning, at: nil,
            "\(Self.files(segment.record.lostAttributes)) of '\(PlainText.short(segment.title))' \(segment.record.lostAttributes == 1 ? "has" : "have") extended attributes, which an initrd cannot carry",
            hint: "file capabilities among them have no effect; give the container the capabilities instead")
    }
}
