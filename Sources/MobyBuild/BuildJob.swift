public import MobySpec
public import OCI

/// What a build makes, decided once and before anything is fetched.
public struct BuildPlan: Sendable {
    let formats: [OutputFormat]
    let names: OutputNames
    /// Notes about surprising results, such as changed file names.
    public let notes: [String]

    /// Whether a format starts boot loaders, the image of which is ``BuildOptions/bootLoaders``.
    public var needsBootLoaders: Bool { formats.contains(where: \.needsBootLoaders) }

    /// Whether a format has the whole root as an initrd.
    var needsInitrd: Bool { formats.contains(where: \.needsInitrd) }

    /// - Throws: `SpecError` for an output of the spec that this version cannot make; `OptionError` for options that
    ///   do not fit the formats.
    public init(_ spec: Spec, _ options: BuildOptions) throws {
        formats = try FormatSelection.formats(options, spec)
        names = OutputNames(formats)
        notes = names.notes(formats, name: options.name)
    }
}

/// A build from options to files.
public struct BuildJob: Sendable {
    public let spec: Spec
    public let plan: BuildPlan
    private let store: ContentStore
    private let options: BuildOptions

    /// What it takes from other machines, and sends.
    public var shared: SharedCache? { options.shared }

    /// - Throws: as ``BuildPlan/init(_:_:)``.
    public init(_ spec: Spec, store: ContentStore, options: BuildOptions) throws {
        self.spec = spec
        self.store = store
        self.options = options
        plan = try BuildPlan(spec, options)
    }

    /// Builds and writes all outputs, or nothing. Stored content that turns out to be damaged is removed, and fetched
    /// or made again.
    /// - Parameter prepare: called before each attempt, to make the images that are built here and to name them and the
    ///   boot loaders.
    /// - Throws: as ``Builder/build(_:)``, and what `prepare` throws.
    public func run(prepare: (BuildPlan, inout Spec, inout BuildOptions) async throws -> Void) async throws
        -> BuildResult
    {
        // What went to standard output cannot be taken back.
        try await Healing(store: store, canRepeat: options.output != "-").run {
            var (spec, options) = (spec, options)
            try await prepare(plan, &spec, &options)
            return try await Builder(store: store, options: options).build(spec, plan)
        }
    }
}
