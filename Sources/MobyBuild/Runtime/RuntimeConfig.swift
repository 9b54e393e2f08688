public import BootLayout
internal import Extents
public import JSON
public import MobySpec
public import OCI

/// One container as runc and PID 1 get it: the OCI runtime configuration and the record beside it, each value with its
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

        public init(
            container: ContainerSpec, label: ContainerOptions, image: ImageConfig, placement: BundleLocation,
            volumes: VolumeTable,
            identities: IdentityTable, accounts: @escaping () throws -> Accounts
        ) {
            self.container = container
            self.label = label
            self.image = image
            self.placement = placement
            self.volumes = volumes
            self.identities = identities
            self.accounts = accounts
        }
    }

    /// Merges YAML, label, image configuration and defaults.
    /// - Throws: `SpecError` with every fault of this container; whatever `accounts` throws.
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
                    at: place(origin), message,
                    hint: "runc and the kernel do not accept NUL bytes; override it in the spec"))
        }
    }
}

/// A container's final configuration with the origin of each value: what `moby explain` prints.
public struct Explanation: Sendable {
    public let container: ContainerSpec
    public let placement: BundleLocation
    public let config: RuntimeConfig

    public init(container: ContainerSpec, placement: BundleLocation, config: RuntimeConfig) {
        self.container = container
        self.placement = placement
        self.config = config
    }

    /// `config.json` as it is written, with a column of origins to the right.
    public var text: String {
        var lines: [(text: String, origin: String?)] = []
        Explanation.write(config.config, key: nil, depth: 0, last: true, into: &lines)
        let width = min(lines.filter { $0.origin != nil }.map(\.text.count).max() ?? 0, 72)
        let body = lines.map { line in
            guard let origin = line.origin else { return line.text }
            return line.text + String(repeating: " ", count: max(0, width - line.text.count)) + "  # " + origin
        }
        let record = config.recordOrigins.map { "\(placement.bundle)/runtime.json\($0.pointer)  # \($0.origin)" }
        return (["\(placement.bundle)/config.json"] + body + record).joined(separator: "\n") + "\n"
    }

    /// The same for programs: `config` and `origins` by JSON pointer.
    public var json: JSONValue {
        func list(_ origins: [(pointer: String, origin: Origin)]) -> JSONValue {
            .object(origins.map { ($0.pointer, .string($0.origin.description)) })
        }
        return .object([
            ("bundle", .string(placement.bundle)), ("image", .string(placement.imageTree)),
            ("config", config.config.json),
            ("origins", list(config.config.origins)), ("runtimeOrigins", list(config.recordOrigins)),
        ])
    }

    private static func write(
        _ value: JSONWithOrigins, key: String?, depth: Int, last: Bool,
        into lines: inout [(text: String, origin: String?)]
    ) {
        let indent = String(repeating: "    ", count: depth)
        let head = indent + (key.map { JSONValue.string($0).text(indent: 0) + ": " } ?? "")
        let comma = last ? "" : ","
        switch value {
        case .value(let json, let origin):
            let text = json.text(indent: 4).split(separator: "\n", omittingEmptySubsequences: false)
            for (index, line) in text.enumerated() {
                let end = index == text.count - 1 ? comma : ""
                lines.append(
                    (index == 0 ? head + line + end : indent + line + end, index == 0 ? origin.description : nil))
            }
        case .array(let items):
            lines.append((head + "[", nil))
            for (index, item) in items.enumerated() {
                write(item, key: nil, depth: depth + 1, last: index == items.count - 1, into: &lines)
            }
            lines.append((indent + "]" + comma, nil))
        case .object(let members):
            lines.append((head + "{", nil))
            for (index, member) in members.enumerated() {
                write(member.value, key: member.key, depth: depth + 1, last: index == members.count - 1, into: &lines)
            }
            lines.append((indent + "}" + comma, nil))
        }
    }
}
