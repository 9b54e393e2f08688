internal import Extents
internal import MobyBuild
internal import MobyPackage
internal import MobySpec
internal import OCI

/// Which inputs of a lock are looked up again.
enum LockSelection {
    /// Those that the lock does not have.
    case missing
    case all
    case names(Set<String>)

    func has(_ name: String) -> Bool {
        switch self {
        case .missing: false
        case .all: true
        case .names(let names): names.contains(name) || names.contains { ImageProvider.canonical($0) == name }
        }
    }
}

/// Makes the lock of spec files: reads them for each platform, and looks up what they name.
struct LockMaker {
    let files: [String]
    let global: FetchOptions
    let variables: VariableOptions
    let platforms: [Platform]
    /// The lock to begin with.
    let old: SpecLock?
    let selection: LockSelection
    /// Where the lock is, for messages, and the folder of it.
    let path: String
    let isOffline: Bool
    /// What images must meet; nil is the policy of the spec.
    var policy: PolicyCheck?
    /// Whether Debian packages of the installation are resolved again, where the user cannot.
    let isResolving: Bool

    /// What the spec files name, for all platforms.
    private struct Inputs {
        var images: [String: (image: Located<String>, platforms: Set<Platform>)] = [:]
        var files: [String: HostInput] = [:]
        var packages: [SpecLock.Package] = []
        var policy: PolicyCheck?
    }

    /// - Throws: `SpecError` for specs that are wrong, and for files and packages that are not as the lock has them and
    ///   are not selected; errors of images and files.
    func make() async throws -> SpecLock {
        let store = try isOffline ? global.storeToRead() : global.store()
        var inputs = Inputs()
        var problems: [Diagnostic] = []
        for platform in platforms {
            try await read(platform, store, into: &inputs, &problems)
        }
        var lock = SpecLock()
        lock.encoding = BuildEncoding.text
        lock.platforms = platforms
        lock.specs = files.filter { SpecDownload.isURL($0) }.map { name in
            var spec = SpecLock.File()
            spec.source = SpecInput.shownName(name)
            spec.digest = SpecInput.digest(of: spec.source)
            return spec
        }
        let check = LockCheck(old ?? SpecLock(), file: path, specs: files, platform: platforms[0])
        for spec in lock.specs where old?.specs.contains(where: { $0.source == spec.source }) == true {
            guard !selection.has(spec.source), let digest = spec.digest else { continue }
            problems += [check.problem(ofSpec: spec.source, digest)].compactMap(\.self)
        }
        for input in inputs.files.values.sorted(by: { $0.source < $1.source }) {
            if old?.file(input.source) != nil, !selection.has(input.source) {
                problems += [try check.file(input)].compactMap(\.self)
            }
            var file = SpecLock.File()
            (file.source, file.digest) = (input.source, try input.digest())
            if file.digest == nil, !input.isOptional { problems.append(Self.absent(input)) }
            lock.files.append(file)
        }
        guard problems.isEmpty else { throw SpecError(problems) }
        lock.packages = inputs.packages
        lock.images = try await images(inputs, store)
        if let policy = policy ?? inputs.policy {
            lock.images = try await accepted(lock.images, by: policy, inputs, store)
        }
        return lock
    }

    /// The images, each with who signed it.
    /// - Throws: `ImageErrors` with all that the policy refuses.
    private func accepted(
        _ images: [SpecLock.Image], by policy: PolicyCheck, _ inputs: Inputs, _ store: ContentStore
    ) async throws -> [SpecLock.Image] {
        let provider = try ImageProvider(store: store, options: provider(platforms[0]))
        var (images, failures): ([SpecLock.Image], [Diagnostic]) = (images, [])
        for (number, image) in images.enumerated() {
            do {
                let manifests = image.manifests.sorted { $0.key.description < $1.key.description }
                var found: [SpecLock.Acceptance] = []
                for (_, manifest) in manifests {
                    let acceptance = try await policy.acceptance(of: image.name, provider) {
                        [image.digest, manifest].compactMap(\.self)
                    }
                    if !found.contains(acceptance) { found.append(acceptance) }
                }
                images[number].accepted = found
            } catch let error where !(error is CancellationError) {
                let location = inputs.images[image.name]?.image.location
                failures.append(Diagnostic(at: location, "\(error)", hint: (error as? any HintedError)?.hint))
            }
        }
        guard failures.isEmpty else { throw ImageErrors(failures) }
        return images
    }

    private func provider(_ platform: Platform) throws -> ImageProvider.Options {
        var options = try ImageOptions.defaults(global)
        options.platform = platform
        options.pull = isOffline ? .never : .missing
        return options
    }

    private func read(
        _ platform: Platform, _ store: ContentStore, into inputs: inout Inputs, _ problems: inout [Diagnostic]
    ) async throws {
        var kept = old
        kept?.packages.removeAll { selection.has($0.template) }
        var packages = try Packages(store: store, provider: provider(platform), level: global.level, lock: kept)
        let values = try variables.values()
        var (spec, warnings) = try await SpecInput.read(files, global.source, values, isOffline: isOffline) {
            try packages.reference($0)
        }
        try packages.addBootLoaders()
        if isResolving, !isOffline, try await packages.resolveAgain(selection.has) {
            packages = try Packages(store: store, provider: provider(platform), level: global.level, lock: kept)
            (spec, warnings) = try await SpecInput.read(files, global.source, values) { try packages.reference($0) }
            try packages.addBootLoaders()
        }
        if platform == platforms[0], global.level > 0, case let all = warnings + values.unused(by: [spec]), !all.isEmpty
        {
            Terminal.error(SpecInput.render(all), .warning)
        }
        let locked = packages.locked(base: LockFile.base(path))
        let check = LockCheck(old ?? SpecLock(), file: path, specs: files, platform: platform)
        for package in locked {
            inputs.packages.append(package)
            guard old?.package(package.template, for: platform) != nil, !selection.has(package.template) else {
                continue
            }
            let location = spec.images.first { $0.value == package.image }?.location
            problems += [check.package(package, at: location)].compactMap(\.self)
        }
        let made = Set(locked.map(\.image))
        for image in spec.images where !made.contains(image.value) {
            let name = ImageProvider.canonical(image.value)
            inputs.images[name, default: (image, [])].platforms.insert(platform)
        }
        for volume in spec.volumes {
            guard let image = volume.image, !made.contains(image.value) else { continue }
            inputs.images[ImageProvider.canonical(image.value)]?.platforms.formUnion(volume.platforms)
        }
        for input in spec.hostInputs(home: Terminal.environment["HOME"]) { inputs.files[input.source] = input }
        if policy == nil, inputs.policy == nil { inputs.policy = try PolicyCheck(of: spec) }
    }

    /// Several at a time.
    private func images(_ inputs: Inputs, _ store: ContentStore) async throws -> [SpecLock.Image] {
        let provider = try ImageProvider(store: store, options: provider(platforms[0]))
        var locked: [SpecLock.Image] = []
        var failures: [Diagnostic] = []
        try await withThrowingTaskGroup(of: SpecLock.Image.self) { group in
            for (name, (image, wanted)) in inputs.images {
                let platforms = wanted.sorted { $0.description < $1.description }
                if let known = old?.image(named: name), !selection.has(name),
                    platforms.allSatisfy({ known.manifests[$0] != nil })
                {
                    var known = known
                    known.manifests = known.manifests.filter { wanted.contains($0.key) }
                    locked.append(known)
                    continue
                }
                let isAsked = selection.has(name)
                // Offline, the old lock is all there is to go by.
                if isOffline, let known = old?.image(named: name), try store.descriptor(named: name) == nil {
                    locked.append(known)
                    continue
                }
                let kept = selection.has(name) ? nil : old?.image(named: name)?.digest
                group.addTask { try await Self.image(name, image, kept, platforms, provider, asking: isAsked) }
            }
            while let result = await group.nextResult() {
                do { locked.append(try result.get()) } catch let problem as Diagnostic { failures.append(problem) }
            }
        }
        guard failures.isEmpty else { throw ImageErrors(failures) }
        return locked
    }

    /// - Parameter kept: what the name meant in the lock, which only lacks a platform.
    private static func image(
        _ name: String, _ source: Located<String>, _ kept: Digest?, _ platforms: [Platform],
        _ provider: ImageProvider, asking isAsked: Bool
    ) async throws -> SpecLock.Image {
        let exact = kept.flatMap { name.contains("@") ? nil : "\(name)@\($0)" }
        do {
            let pin = try await provider.resolve(exact ?? source.value, for: platforms, asking: isAsked)
            var image = SpecLock.Image()
            (image.name, image.digest, image.manifests) = (name, pin.digest, pin.manifests)
            return image
        } catch let error where !(error is CancellationError) {
            throw Diagnostic(at: source.location, "\(error)", hint: (error as? any HintedError)?.hint)
        }
    }

    private static func absent(_ input: HostInput) -> Diagnostic {
        Diagnostic(
            at: input.location, "source '\(PlainText.short(input.source))' does not exist",
            hint: "set optional: true if it may be missing")
    }
}
