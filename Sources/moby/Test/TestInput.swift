internal import Extents
internal import FoundationEssentials
internal import Glibc
internal import MachineModel
internal import MobyBuild
internal import MobySpec
internal import MobyTest
internal import OCI
internal import Synchronization

/// A test and the spec files that it is for.
struct TestInput {
    /// The names of files: specs to merge, and their test.
    struct Pair: Equatable {
        var specs: [String]
        var test: String?
    }

    private let pair: Pair
    private let test: TestSpec

    // MARK: Names

    /// Which files belong together. `web.test.yml` tests `web.yml`, unless just one of each kind is named.
    /// - Throws: ``UsageError`` for a test file whose spec file does not exist.
    static func pairs(_ names: [String], merge: Bool) throws -> [Pair] {
        let tests = names.filter(TestReader.isTest)
        let specs = names.filter { !TestReader.isTest($0) }
        if merge || (specs.count == 1 && tests.count == 1) {
            guard !specs.isEmpty, tests.count <= 1 else {
                throw UsageError("--merge needs spec files, and at most one test file", command: ["test"])
            }
            return [Pair(specs: specs, test: try tests.first ?? specs.last.flatMap(neighbor))]
        }
        var pairs: [Pair] = []
        for name in names {
            let isTest = TestReader.isTest(name)
            let pair = Pair(specs: [isTest ? try spec(of: name) : name], test: isTest ? name : try neighbor(of: name))
            if !pairs.contains(pair) { pairs.append(pair) }
        }
        return pairs
    }

    /// The test file next to a spec file.
    /// - Throws: `FileError`.
    static func neighbor(of spec: String) throws -> String? {
        guard spec != "-", !SpecDownload.isURL(spec) else { return nil }
        let base = [".yml", ".yaml"].first(where: spec.hasSuffix).map { spec.dropLast($0.count) } ?? spec[...]
        return try TestReader.suffixes.map { base + $0 }.first(where: HostFiles.exists)
    }

    /// The spec file next to a test file.
    static func spec(of test: String) throws -> String {
        let base = TestReader.suffixes.first(where: test.hasSuffix).map { String(test.dropLast($0.count)) } ?? test
        let names = [base + ".yml", base + ".yaml"]
        if let found = try names.first(where: HostFiles.exists) { return found }
        throw UsageError(
            "'\(PlainText.short(names[0]))', which '\(PlainText.short(test))' tests, does not exist",
            hint: "name the spec file too: moby test SPEC.yml \(PlainText.short(test))", command: ["test"])
    }

    // MARK: Texts

    /// Reads the test files, and the specs to compare their names with.
    /// - Throws: `SpecError` with the errors of all.
    static func read(
        _ pairs: [Pair], _ global: FetchOptions, _ images: ImageOptions, _ variables: VariableOptions
    ) async throws -> [TestInput] {
        let values = try variables.values()
        var problems: [Diagnostic] = []
        var inputs: [TestInput] = []
        let packages = try Packages(
            store: try global.storeToRead(), provider: try images.provider(global), level: global.level)
        for pair in pairs {
            do {
                let test = try pair.test.map { try Self.test($0) } ?? TestSpec()
                if pair.specs != ["-"] {
                    let (spec, _) = try await SpecInput.read(
                        pair.specs, global.source, values, isOffline: images.offline
                    ) {
                        try packages.reference($0)
                    }
                    problems += test.problems(in: spec)
                }
                inputs.append(TestInput(pair: pair, test: test))
            } catch let error as SpecError {
                problems += error.diagnostics
            }
        }
        guard problems.isEmpty else { throw SpecError(problems) }
        return inputs
    }

    /// The names in a test file that its spec does not have; none when the spec does not exist or has errors, which are
    /// reported with the spec.
    /// - Returns: nil for files that are not one test file.
    /// - Throws: `SpecError` with the errors of the test file.
    static func problems(
        in files: [String], _ source: SourceOptions, _ variables: VariableOptions, _ packages: Packages
    ) async throws -> [Diagnostic]? {
        guard files.count == 1, let file = files.first, TestReader.isTest(file) else { return nil }
        let test = try Self.test(file)
        let name: String
        do { name = try spec(of: file) } catch is UsageError { return [] }
        do {
            let values = try variables.values()
            let (spec, _) = try await SpecInput.read([name], source, values) { try packages.reference($0) }
            return test.problems(in: spec)
        } catch is SpecError {
            return []
        }
    }

    /// Reads a test file.
    static func test(_ name: String) throws -> TestSpec {
        try TestReader.read(
            try SpecInput.text(name), file: name,
            outputFormats: OutputFormat.all.filter(\.isAvailable).map(\.name), bootable: MachineCase.bootableFormats)
    }

    // MARK: The run

    /// A folder for builds: one that stays, or one that goes with the returned value.
    func workFolder(_ path: String?) throws -> (path: String, temporary: WorkFolder?) {
        if let path {
            try FolderTree.make(path)
            return (path, nil)
        }
        // Disk images are large: /tmp is often in memory.
        let parent = Terminal.scratchFolder
        WorkFolder.removeAbandoned(in: parent, prefix: "moby-machines-")
        let folder = try WorkFolder(in: parent, prefix: "moby-machines-")
        return (folder.path, folder)
    }

    func run(
        in work: String, _ provider: ImageProvider.Options, _ lock: LockOptions, _ global: FetchOptions,
        _ variables: VariableOptions, tell: @escaping @Sendable (TestEvent) -> Void
    ) throws -> TestRun {
        let specs = pair.specs
        let isFirst = Mutex(true)
        var run = TestRun(
            test, name: SpecInput.baseName(specs), work: work, environment: Terminal.environment
        ) { wanted in
            var provider = provider
            provider.platform = Platform(architecture: wanted.architecture.name)
            var build = SpecBuild(specs, provider, lock, global, variables)
            build.options.formats = [wanted.format]
            build.options.directory = wanted.directory
            // Each build has the same warnings.
            build.isSilent = isFirst.withLock { first in
                defer { first = false }
                return !first
            }
            try FolderTree.make(wanted.directory)
            return try await build.result()
        } tell: { event in
            tell(event)
        }
        run.architecture = try Architecture(parsing: provider.platform.architecture)
        let base = URL(filePath: pair.test ?? specs.last ?? ".").deletingLastPathComponent().path
        run.base = base.isEmpty ? "." : base
        return run
    }
}
