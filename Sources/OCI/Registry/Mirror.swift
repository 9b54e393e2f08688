public import Extents
internal import HTTP

/// `[registry=]http(s)://host[/path]`: another server with a registry's content. It changes where images come from,
/// never their names.
struct Mirror: Sendable {
    /// nil for every registry.
    let registry: String?
    let endpoint: Endpoint

    /// - Throws: `MirrorError`.
    init(_ text: String) throws {
        var address = text[...]
        var registry: String?
        if let equals = text.firstIndex(of: "="), !text[..<equals].contains("/") {
            registry = text[..<equals].lowercased()
            address = text[text.index(after: equals)...]
        }
        guard let url = WebURL(String(address)), !url.hasSecrets else {
            throw MirrorError(text: text)
        }
        let isHub = ["index.docker.io", RegistryHost.dockerHub].contains(registry)
        self.registry = registry == "*" ? nil : isHub ? ImageReference.defaultRegistry : registry
        endpoint = Endpoint(mirror: url)
    }
}

/// A text that does not name a mirror.
public struct MirrorError: HintedError, Sendable, CustomStringConvertible {
    /// Without a password that may be in it.
    let text: String

    /// Whether a registry may be in front of the address.
    let hasRegistry: Bool

    init(text: String, hasRegistry: Bool = true) { (self.text, self.hasRegistry) = (WebURL.shown(text), hasRegistry) }

    public var description: String {
        "mirror '\(text)' is not of the form \(hasRegistry ? "[registry=]" : "")http(s)://host[/path]"
    }
    public var hint: String? {
        "for example '\(hasRegistry ? "docker.io=" : "")https://mirror.example.com'; set user and password with 'moby login'"
    }
}

/// Registries that a user names with or without a port.
struct HostSet: Sendable {
    private let names: Set<String>

    init(_ names: [String]) { self.names = Set(names.map { $0.lowercased() }) }

    /// - Parameters:
    ///   - host: without port; an IPv6 address in brackets.
    ///   - port: nil when the host was named without one.
    func contains(host: String, port: Int?) -> Bool {
        let host = host.lowercased()
        return names.contains(host) || port.map { names.contains("\(host):\($0)") } ?? false
    }

    /// Host and port of a registry.
    static func split(_ registry: String) -> (host: String, port: Int?) {
        guard let colon = registry.lastIndex(of: ":"), !registry.hasSuffix("]"),
            let port = Int(registry[registry.index(after: colon)...])
        else {
            return (registry, nil)
        }
        return (String(registry[..<colon]), port)
    }
}
