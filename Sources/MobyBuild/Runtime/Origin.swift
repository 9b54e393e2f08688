public import MobySpec

/// Where a value of a container's configuration came from.
public enum Origin: Hashable, Sendable, CustomStringConvertible {
    /// Written in YAML, here.
    case spec(SourceLocation)
    /// The label `org.mobyproject.config` of the container's image.
    case label
    /// A field of the image configuration, e.g. `Entrypoint`.
    case image(field: String)
    /// Nobody said otherwise.
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
