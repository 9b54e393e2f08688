internal import Archive
internal import BootLayout
internal import Extents
internal import MobySpec
internal import OCI

/// What init images have for PID 1; found out once and kept.
struct InitFacts: Codable, Sendable {
    var program: ProgramFacts
    /// Types of file systems that it mounts as a root on a disk.
    var roots: [String]
    /// Whether it copies ``BootLayout/overmountPath`` over the root.
    var keepsOvermounted: Bool
    /// The runtime for containers.
    var runtime: ProgramFacts

    /// Whether it is the init of this project, which starts containers with runc.
    var isOwn: Bool { !roots.isEmpty }
}

/// Whether the init images make a machine that comes up and can start containers.
struct InitCheck {
    private(set) var found: [Diagnostic] = []

    /// Where an init looks for its container runtime; the first six are those of moby's init.
    private static let runtimes =
        ["/usr/bin/runc", "/usr/sbin/runc", "/usr/local/bin/runc", "/usr/local/sbin/runc", "/bin/runc", "/sbin/runc"]
        + ["crun", "youki", "containerd"].flatMap { ["/usr/bin/\($0)", "/usr/local/bin/\($0)"] }

    static func facts(_ spec: Spec, _ images: ImageSet, platform: Platform) throws -> InitFacts {
        let parts = spec.`init`.map { images[$0] }
        let content = SHA256.hash(Array(parts.map(\.identity).joined(separator: " ").utf8)).hex
        return try images.facts("init", content: content, platform: platform) {
            var root = FileTree()
            for part in parts {
                var tree = try images.tree(part)
                ImageFixUp.system.apply(to: &tree)
                root.unpack(tree, under: .root)
            }
            let contents = ImageContents(root, "init")
            var (roots, keepsOvermounted): ([String], Bool) = ([], false)
            if let path = contents.state.resolving("/init"), case .regular(let program)? = root[path]?.kind {
                roots = try RootFileSystem.allCases.filter {
                    try DiskInitrd.mentions(program, Array($0.featureMarker.utf8))
                }
                .map(\.type)
                keepsOvermounted = try DiskInitrd.mentions(program, Array(BootLayout.overmountPath.utf8))
            }
            return InitFacts(
                program: try ProgramFacts(["/init"], folders: [], in: contents), roots: roots,
                keepsOvermounted: keepsOvermounted,
                runtime: try ProgramFacts(Self.runtimes, folders: [], in: contents))
        }
    }

    /// - Parameter root: the root of the machine, with `files:`.
    init(_ spec: Spec, _ facts: InitFacts, _ formats: [OutputFormat], root: RootState, platform: Platform) {
        let location = spec.`init`.first?.location
        for fileSystem in Set(formats.compactMap(\.rootOnDisk)).sorted(by: { $0.type < $1.type })
        where !facts.roots.contains(fileSystem.type) {
            let error = DiskInitrd.unknownRoot(fileSystem)
            found.append(Diagnostic(at: location, error.description, hint: error.hint))
        }
        func isFromFiles(_ path: String) -> Bool {
            root.item(at: path).map { $0.owner == RootAssembly.filesOwner } ?? false
        }
        let words = (spec.kernel.cmdline ?? "").split(separator: " ")
        if !words.contains(where: { $0.hasPrefix("rdinit=") }), !isFromFiles("/init") {
            if facts.program.path == nil {
                found.append(
                    Diagnostic(
                        at: location, "the '/init' of the init images cannot be executed: it \(facts.program.reason)",
                        hint: "the kernel starts /init; add an init image, such as that of pkg/init"))
            } else if let problem = facts.program.problem(on: platform) {
                found.append(
                    Diagnostic(
                        .warning, at: location, "the program '/init' of the init images \(problem.reason)",
                        hint: problem.hint)
                )
            }
        }
        guard let container = spec.containers.first,
            !Self.runtimes.contains(where: isFromFiles)
        else {
            return
        }
        if facts.runtime.path == nil || facts.isOwn && facts.runtime.path?.hasSuffix("/runc") != true {
            found.append(
                Diagnostic(
                    facts.isOwn ? .error : .warning, at: location,
                    "the init images have no runc, and '\(container.name)' is a container",
                    hint: "add the image of pkg/runc under init:"))
        } else if let problem = facts.runtime.problem(on: platform) {
            let path = facts.runtime.path ?? ""
            found.append(
                Diagnostic(
                    .warning, at: location, "the program '\(path)' of the init images \(problem.reason)",
                    hint: problem.hint))
        }
    }
}
