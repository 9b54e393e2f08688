internal import HTTP

/// `[registry=]http(s)://host[/path]`: where else a registry's content may be had. It changes what is asked, never what
/// an image is called.
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

/// A mirror that cannot be read.
public struct MirrorError: Error, Sendable, CustomStringConvertible {
    /// Without a password that may be in it.
    let text: String

    init(text: String) { self.text = WebURL.shown(text) }

    public var description: String {
        "mirror '\(text)' is not [registry=]http(s)://host[/path]\n  hint: write for example 'docker.io=https://mirror.example.com'; "
            + "user and password go where 'docker login' puts them"
    }
}
