internal import HTTP

/// `[registry=]http(s)://host[/path]`: where else a registry's content may be had. It changes what is asked, never what an image is called.
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
        guard let url = WebURL(String(address)), url.description == url.text || "\(url.text)/" == url.description else {
            throw MirrorError(text: text)
        }
        let isHub = ["index.docker.io", RegistryHost.dockerHub].contains(registry)
        self.registry = registry == "*" ? nil : isHub ? ImageReference.defaultRegistry : registry
        endpoint = Endpoint(mirror: url)
    }
}

/// A mirror that cannot be read.
public struct MirrorError: Error, Sendable, CustomStringConvertible {
    let text: String

    public var description: String {
        "mirror '\(text)' is not [registry=]http(s)://host[/path]\n  hint: write for example 'docker.io=https://mirror.example.com'"
    }
}
