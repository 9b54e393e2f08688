internal import Archive
internal import BootLayout
public import MobySpec
public import OCI

/// Looks, without a network, at what a spec and the images that are in the store already make of each other.
public struct Lint: Sendable {
    let store: ContentStore
    let options: BuildOptions

    public init(store: ContentStore, options: BuildOptions) {
        self.store = store
        self.options = options
    }

    /// Faults and warnings of containers whose images are at hand: the final configuration, the program it runs, and what is bound into it.
    /// - Throws: errors of the store; an image that is not there is passed over.
    public func images(_ spec: Spec) async throws -> [Diagnostic] {
        let cache = try SegmentCache(store: store.path)
        var options = options.provider
        options.pull = .never
        let provider = ImageProvider(store: store, options: options)
        let present = await Lint.present(spec, provider)
        let images = ImageSet(store: store, cache: cache, images: present)
        var part = spec
        part.onboot.removeAll { present[$0.image.value] == nil }
        part.onshutdown.removeAll { present[$0.image.value] == nil }
        part.services.removeAll { present[$0.image.value] == nil }
        let plan: ContainerPlan
        do { plan = try ContainerPlan(part, images, identities: IdentityTable(spec)) } catch let error as SpecError {
            return error.diagnostics
        }
        var found = plan.warnings
        let root = try root(spec, images, present)
        var states: [String: RootState] = [:]
        for explanation in plan.explanations {
            let check = ContainerCheck(explanation: explanation)
            let image = images[explanation.container.image]
            if states[image.identity] == nil { states[image.identity] = try Lint.state(images.tree(image), image.name) }
            if let state = states[image.identity], let warning = check.program(in: state) { found.append(warning) }
            if let root { found += check.bindSources(in: root, spec) }
        }
        if let image = spec.boot.image, let loaders = present[image.value] {
            found += try BootCheck(image, in: Lint.state(images.tree(loaders), loaders.name)).faults
        }
        return found
    }

    private static func present(_ spec: Spec, _ provider: ImageProvider) async -> [String: Image] {
        var present: [String: Image] = [:]
        let sources = spec.`init` + (spec.onboot + spec.onshutdown + spec.services).map(\.image) + [spec.boot.image].compactMap(\.self)
        for source in Set(sources.map(\.value)) { present[source] = try? await provider.image(source) }
        return present
    }

    /// The root as init images make it; nil when one of them is not at hand.
    private func root(_ spec: Spec, _ images: ImageSet, _ present: [String: Image]) throws -> RootState? {
        var state = RootState()
        for source in spec.`init` {
            guard let image = present[source.value] else { return nil }
            var tree = try images.tree(image)
            ImageFixUp.system.apply(to: &tree)
            state.unpack(RootListing(tree), from: source.value)
        }
        var files = FileTree()
        for file in spec.files {
            if let path = TreePath(file.path.utf8) { files.set(path, FileTree.Node(.directory, mode: 0o755)) }
        }
        files.addMissingParents()
        state.unpack(RootListing(files), from: "files")
        return state
    }

    private static func state(_ tree: FileTree, _ name: String) -> RootState {
        var state = RootState()
        state.unpack(RootListing(tree), from: name)
        return state
    }
}
