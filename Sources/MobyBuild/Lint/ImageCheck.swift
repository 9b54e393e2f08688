internal import Archive
internal import Attest
internal import Extents
public import MobySpec
internal import OCI

/// Checks of a spec and its images before a machine boots, for `build` and `lint`. Slow answers are cached.
struct ImageCheck {
    let spec: Spec
    let images: ImageSet
    let containers: ContainerPlan
    let formats: [OutputFormat]
    let platform: Platform
    let kernel: KernelImage?
    /// False when an image of `onboot` is not known.
    var hasAllOnboot = true

    /// What the init images have; nil when there are none.
    func initFacts() throws -> InitFacts? {
        spec.`init`.isEmpty ? nil : try InitCheck.facts(spec, images, platform: platform)
    }

    /// - Parameters:
    ///   - facts: of the init images; nil when they are not known.
    ///   - names: of the root; what needs all init images is left out when `facts` is nil.
    ///   - hasModules: false when it is not known what the kernel image brings.
    func found(_ facts: InitFacts?, _ names: RootAssembly.Names, hasModules: Bool) throws -> [Diagnostic] {
        var found = try programs() + volumes(names.root)
        // With a problem in `kernel.modules` the root has none at all.
        if names.problems.isEmpty {
            found += try FeatureCheck(spec, containers.explanations).found(in: names.root, kernel)
        }
        if hasAllOnboot { found += FeatureCheck.profiles(containers.explanations) }
        guard let facts else { return found }
        let all = containers.explanations
        for explanation in all {
            found += ContainerCheck(explanation: explanation).bindSources(in: names.root, all, hasModules: hasModules)
        }
        guard formats.contains(where: \.boots) else { return found }
        found += InitCheck(spec, facts, formats, root: names.root, platform: platform).found
        return found + overmounted(facts, names) + hidden(names.root)
    }

    /// Volumes on disks whose file system neither the kernel nor its modules have.
    private func volumes(_ root: RootState) -> [Diagnostic] {
        guard let builtin = kernel?.facts.builtinFileSystems, let image = spec.kernel.image?.value else { return [] }
        return spec.volumes.compactMap { volume in
            guard let type = volume.format.fileSystem, !builtin.contains(type) else { return nil }
            let module = Array("\(type).ko".utf8)
            guard !root.items.keys.contains(where: { $0.name.starts(with: module) }) else { return nil }
            return Diagnostic(
                at: volume.location,
                "kernel image '\(PlainText.short(image))' has no module '\(type)', which volume '\(volume.name)' needs",
                hint: "@moby:kernel-hardware has it")
        }
    }

    /// Programs of containers that cannot be started.
    private func programs() throws -> [Diagnostic] {
        var found: [Diagnostic] = []
        let images = images
        for (_, members) in Dictionary(grouping: containers.explanations, by: { images[$0.container.image].identity })
            .sorted(by: {
                $0.key < $1.key
            })
        {
            guard let first = members.first else { continue }
            let image = images[first.container.image]
            let contents = LazyContents { ImageContents(try images.tree(image), image.name) }
            for explanation in members {
                let problem = try ContainerCheck(explanation: explanation).program(image.platform) {
                    try images.program($0, folders: $1, in: image, contents)
                }
                if let problem { found.append(problem) }
            }
        }
        return found.sorted {
            ($0.location?.line ?? 0, $0.location?.column ?? 0) < ($1.location?.line ?? 0, $1.location?.column ?? 0)
        }
    }

    /// Entries of `files:` that nothing brings back after the mount that hides them.
    private func overmounted(_ facts: InitFacts, _ names: RootAssembly.Names) -> [Diagnostic] {
        names.overmounted.compactMap { path, mount, location in
            let quoted = "'/\(PlainText.short("\(path)"))'"
            guard SpecTree.hidingMount(path)?.isFilled == true else {
                return Diagnostic(
                    .warning, at: location, "\(quoted) is hidden by the mount on '\(mount)' at boot",
                    hint: "create it in an onboot container, or bind it into the containers that use it")
            }
            if facts.keepsOvermounted { return nil }
            return Diagnostic(
                .warning, at: location,
                "\(quoted) is hidden by the tmpfs that is mounted on '\(mount)' at boot, and this init does not restore it",
                hint: "use the init image of this version, or create it with runtime.mkdir")
        }
    }

    /// Files of init images that a running machine hides.
    private func hidden(_ root: RootState) -> [Diagnostic] {
        var hidden: [String: [TreePath]] = [:]
        for (path, item) in root.items where item.kind == .regular && item.owner != RootAssembly.filesOwner {
            // Notes about packages are for those who look into the artifact.
            guard let mount = SpecTree.hidingMount(path), mount.isFilled, !DebianPackages.isRecord(path.bytes) else {
                continue
            }
            hidden[item.owner, default: []].append(path)
        }
        return spec.`init`.compactMap { source in
            guard let paths = hidden.removeValue(forKey: source.value)?.sorted(), let first = paths.first else {
                return nil
            }
            let others = paths.count > 1 ? " and \(paths.count - 1) more" : ""
            return Diagnostic(
                .warning, at: source.location,
                "a tmpfs hides '/\(PlainText.short("\(first)"))'\(others) of init image "
                    + "'\(PlainText.short(source.value))' at run time",
                hint: "put it under files:, or move it")
        }
    }
}

extension Diagnostic {
    /// The same as an error, for `--strict`.
    public var asError: Diagnostic {
        var error = self
        error.severity = .error
        return error
    }
}
