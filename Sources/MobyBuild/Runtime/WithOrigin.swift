public import MobySpec

/// Where a value of a container's configuration came from.
public enum Origin: Hashable, Sendable, CustomStringConvertible {
    /// Written in YAML, here.
    case spec(SourceLocation)
    /// The label `org.mobyproject.config` of the container's image.
    case label
    /// A field of the image configuration, e.g. `Entrypoint`.
    case image(field: String)
    /// The program's default.
    case standard
    /// Follows from something else, e.g. from where the image lies in the guest.
    case derived(String)

    public var description: String {
        switch self {
        case .spec(let location): "\(location.file):\(location.line)"
        case .label: "label"
        case .image(let field): "image \(field)"
        case .standard: "default"
        case .derived(let reason): reason
        }
    }
}

/// A value and who decided it.
struct WithOrigin<Value: Sendable>: Sendable {
    var value: Value
    var origin: Origin
}

/// YAML over label: a field that YAML has, even an empty one, replaces the label's.
struct OptionMerge {
    let yaml: ContainerOptions
    let label: ContainerOptions
    /// Where the container begins, for fields without a location of their own.
    let location: SourceLocation

    /// The field as YAML has it, else as the label has it.
    func choose<Value: Sendable>(_ key: String, _ field: (ContainerOptions) -> Value?) -> WithOrigin<Value>? {
        if let value = field(yaml) { return WithOrigin(value: value, origin: .spec(location(of: key))) }
        return field(label).map { WithOrigin(value: $0, origin: .label) }
    }

    /// Of the key `runtime.mounts`, which need not be in YAML.
    var runtimeMountsOrigin: Origin {
        yaml.runtime?.mounts != nil ? .spec(location(of: "runtime.mounts")) : .label
    }

    /// Like ``choose(_:_:)`` for the plain strings, where empty means absent.
    func chooseText(_ key: String, _ field: (ContainerOptions) -> String?) -> WithOrigin<String>? {
        choose(key) { options in field(options).flatMap { $0.isEmpty ? nil : $0 } }
    }

    /// The same for a namespace.
    func chooseNamespace(_ key: String, _ field: (ContainerOptions) -> Namespace?) -> WithOrigin<Namespace>? {
        choose(key) { options in field(options).flatMap { $0 == .unspecified ? nil : $0 } }
    }

    /// Where a key of the YAML side was written.
    func location(of key: String) -> SourceLocation { yaml.locations[key] ?? location }

    /// A list with its `.add` companion: YAML's list is final; else the label's list, its own additions and YAML's
    /// additions, each once.
    func chooseList<Item: Hashable & Sendable>(
        _ key: String, _ list: (ContainerOptions) -> [Item]?, adding added: (ContainerOptions) -> [Item]?
    ) -> [WithOrigin<Item>] {
        var seen = Set<Item>()
        func fresh(_ words: [Item]?, _ origin: Origin) -> [WithOrigin<Item>] {
            (words ?? []).filter { seen.insert($0).inserted }.map { WithOrigin(value: $0, origin: origin) }
        }
        if let words = list(yaml) { return fresh(words, .spec(location(of: key))) }
        return fresh(list(label), .label) + fresh(added(label), .label)
            + fresh(added(yaml), .spec(location(of: key + ".add")))
    }
}
