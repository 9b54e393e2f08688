internal import ArgumentParser
internal import Extents
internal import MobyBuild
internal import MobySpec
internal import OCI

struct WriteBundle: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bundle", abstract: "Write everything that a build of YAML files needs into one file.",
        usage: "moby bundle [options] --output <file> <file>.yml...",
        discussion: HelpText.discussion(
            """
            The bundle is an OCI image layout with images, packages, boot loaders, files, spec and lock. 'moby build --bundle' builds from it with \
            neither network nor cache, and gives the same bytes. Without a lock, what the spec names now is taken. Values of variables, and files of \
            every mode, are in the bundle as they are.
            """,
            examples: ["moby bundle --output web.bundle.tar web.yml", "moby build --bundle web.bundle.tar"],
            page: "docs/lock.md#bundles"))

    @Option(
        name: [.customShort("o"), .long], help: ArgumentHelp("The bundle to write.", valueName: "file"),
        completion: .file())
    var output: String
    @Option(
        help: ArgumentHelp(
            "A CPU architecture; repeatable (default: those of the lock, else this machine's).", valueName: "arch"),
        completion: Completions.architectures, transform: ArchitectureOption.platform)
    var arch: [Platform] = []
    @Flag(help: "Use only what the store has, not the network.") var offline = false
    @OptionGroup var policy: PolicyOption
    @OptionGroup(title: "Lock options") var lock: LockOptions
    @OptionGroup(title: "Variable options") var variables: VariableOptions
    @OptionGroup var global: FetchOptions
    @Argument(help: "YAML files.", completion: Completions.specs) var files: [String]

    mutating func validate() throws {
        if files.contains("-") { throw ValidationError("a bundle needs spec files with names, not standard input") }
    }

    func run() async throws {
        let store = try global.store()
        let file = try LockFile.find(files, lock)
        let locked = try await lock(file)
        let path = file?.path ?? LockFile.path(of: files) ?? files[0]
        let platforms = arch.isEmpty ? locked.platforms : arch
        var kept = locked
        kept.platforms = platforms
        kept.packages.removeAll { !platforms.contains($0.platform) }
        try await Healing(store: store).run {
            var images: [(Image, name: String, root: Digest?)] = []
            var parts: [(Spec, [HostInput])] = []
            for platform in platforms {
                let (spec, found) = try await collect(platform, kept, path, store)
                images += found
                parts.append((spec, spec.hostInputs(home: Terminal.environment["HOME"])))
            }
            guard let (spec, inputs) = parts.first else { return }
            let names = files.map { PartialFiles.name(of: SpecInput.shownName($0)) }
            var writer = BundleWriter(
                of: store, name: SpecInput.baseName(files), lock: kept.text(of: names),
                specs: SpecInput.texts(of: files), variables: spec.variables,
                expandsAll: try variables.values().isGiven)
            for input in inputs { try writer.add(input) }
            for (image, name, root) in images { try writer.add(image, called: name, root: root) }
            try writer.write(to: output)
        }
        if global.level > 0, let size = try HostFiles.size(output) { print("\(output): \(size) bytes") }
    }

    /// The lock that exists, else one of what the spec names now.
    private func lock(_ file: LockFile?) async throws -> SpecLock {
        if let file { return file.lock }
        return try await LockMaker(
            files: files, global: global, variables: variables, platforms: arch.isEmpty ? [.host] : arch, old: nil,
            selection: .missing, path: LockFile.path(of: files) ?? files[0], isOffline: offline,
            policy: try policy.check,
            isResolving: false
        ).make()
    }

    /// The spec for a platform, and its images, which are in the store afterwards.
    private func collect(_ platform: Platform, _ lock: SpecLock, _ path: String, _ store: ContentStore) async throws
        -> (
            Spec, [(Image, name: String, root: Digest?)]
        )
    {
        var options = try ImageOptions.defaults(global)
        options.platform = platform
        options.pull = offline ? .never : .missing
        let packages = try Packages(store: store, provider: options, level: global.level, lock: lock)
        let check = LockCheck(lock, file: path, specs: files, platform: platform)
        let (spec, _) = try await SpecInput.read(
            files, global.source, try variables.values(), isOffline: offline, lock: check
        ) { try packages.reference($0) }
        if lock.package("@moby:bootloaders", for: platform) != nil {
            _ = try packages.reference(.installed("bootloaders"))
        }
        let own = packages.locked(base: LockFile.base(path))
        let problems = try check.problems(
            spec, packages: own, home: Terminal.environment["HOME"], isFrozen: self.lock.frozen)
        guard !problems.contains(where: { $0.severity == .error }) else { throw SpecError(problems) }
        options.pins = lock.pins(file: path)
        options.admit = try (policy.check ?? PolicyCheck(of: spec))?.admit
        let provider = ImageProvider(store: store, options: options)
        var images: [(Image, name: String, root: Digest?)] = []
        for package in own where !images.contains(where: { $0.name == package.image }) {
            images.append((try await packages.image(package.image), package.image, nil))
        }
        let made = Set(own.map(\.image))
        for image in spec.images where !made.contains(image.value) {
            let name = ImageProvider.canonical(image.value)
            guard !images.contains(where: { $0.name == name }) else { continue }
            images.append((try await provider.image(image.value), name, lock.image(named: name)?.digest))
        }
        return (spec, images + (try await volumes(spec, platform, options, store, lock)))
    }

    /// Images of volumes for other platforms.
    private func volumes(
        _ spec: Spec, _ own: Platform, _ options: ImageProvider.Options, _ store: ContentStore, _ lock: SpecLock
    ) async throws -> [(Image, name: String, root: Digest?)] {
        var images: [(Image, name: String, root: Digest?)] = []
        for volume in spec.volumes {
            guard let source = volume.image?.value else { continue }
            for platform in volume.platforms where platform != own {
                var options = options
                options.platform = platform
                let name = ImageProvider.canonical(source)
                let image = try await ImageProvider(store: store, options: options).image(source)
                images.append((image, name, lock.image(named: name)?.digest))
            }
        }
        return images
    }
}
