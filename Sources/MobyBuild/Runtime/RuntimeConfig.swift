public import BootLayout
internal import Extents
public import MobySpec
public import OCI

/// One container as runc and PID 1 get it: the OCI runtime configuration and the record next to it, each value with its
/// origin.
public struct RuntimeConfig: Sendable {
    /// `config.json` (runtime-spec 1.0.2, config.md and config-linux.md), members in the order of the specification's
    /// own types.
    public let config: JSONWithOrigins
    /// `runtime.json`.
    public let record: RuntimeRecord
    /// Origins within `runtime.json`, by JSON pointer.
    public let recordOrigins: [(pointer: String, origin: Origin)]
    public let warnings: [Diagnostic]

    /// What a configuration is made from.
    public struct Input {
        public var container: ContainerSpec
        public var label: ContainerOptions
        public var image: ImageConfig
        public var placement: BundleLocation
        public var volumes: VolumeTable
        public var identities: IdentityTable
        /// The image's accounts, asked for only when its `User` has to be looked up.
        public var accounts: () throws -> Accounts
        /// What the spec says about the machine as a whole.
        public var machine = MachineSettings()

        package init(
            container: ContainerSpec, label: ContainerOptions, image: ImageConfig, placement: BundleLocation,
            volumes: VolumeTable, identities: IdentityTable, accounts: @escaping () throws -> Accounts
        ) {
            (self.container, self.label, self.image, self.placement) = (container, label, image, placement)
            (self.volumes, self.identities, self.accounts) = (volumes, identities, accounts)
        }
    }

    /// Merges YAML, label, image configuration and defaults.
    /// - Throws: `SpecError` with every error of this container; whatever `accounts` throws.
    public init(_ input: Input) throws {
        var draft = RuntimeConfigBuilder(input)
        config = try draft.config()
        (record, recordOrigins) = draft.record()
        draft.checkTexts(of: config)
        warnings = draft.diagnostics.filter { $0.severity == .warning }
        let errors = draft.diagnostics.filter { $0.severity == .error }
        guard errors.isEmpty else { throw SpecError(errors) }
    }
}

extension RuntimeConfigBuilder {
    /// No program can be given a NUL byte: texts of the kernel's interfaces end there.
    mutating func checkTexts(of config: JSONWithOrigins) {
        for (text, origin) in config.texts where text.utf8.contains(0) {
            var message = "'\(PlainText.short(text))' of '\(container.name)' has a NUL byte in it"
            switch origin {
            case .image(let field): message += " (\(field) of image '\(PlainText.short(container.image.value))')"
            case .label: message += " (label of image '\(PlainText.short(container.image.value))')"
            case .spec, .standard, .derived: break
            }
            diagnostics.append(
                Diagnostic(
                    at: location(of: origin), message,
                    hint: "runc and the kernel do not accept NUL bytes; override it in the spec"))
        }
    }
}
