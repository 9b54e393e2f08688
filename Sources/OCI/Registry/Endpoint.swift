internal import HTTP

/// Where a registry's content is requested: the registry itself or a mirror.
struct Endpoint: Sendable {
    /// Without a trailing slash, up to and with `/v2`.
    let base: String
    /// Put before every repository; empty or with a trailing slash.
    let prefix: String
    /// The name that credentials are kept under.
    let host: RegistryHost
    let isMirror: Bool

    /// The registry itself.
    init(registry: String, isPlain: Bool) {
        let address = registry == ImageReference.defaultRegistry ? RegistryHost.dockerHub : registry
        base = "\(isPlain ? "http" : "https")://\(address)/v2"
        prefix = ""
        host = RegistryHost(name: registry)
        isMirror = false
    }

    /// A path that holds `/v2` (`https://host/v2/hub`) names a folder of repositories; any other (`https://host/hub`)
    /// goes before `/v2`.
    init(mirror url: WebURL) {
        var text = url.text
        while text.hasSuffix("/") { text.removeLast() }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        if let version = parts.firstIndex(of: "v2"), version > 2 {
            base = parts[...version].joined(separator: "/")
            prefix = parts[(version + 1)...].map { "\($0)/" }.joined()
        } else {
            base = "\(text)/v2"
            prefix = ""
        }
        let isUsual = url.port == (url.scheme == "https" ? 443 : 80)
        host = RegistryHost(name: isUsual ? url.host : "\(url.host):\(url.port)")
        isMirror = true
    }

    /// - Throws: `TransportError` when host and path make no URL, which the grammar of references rules out.
    func url(_ repository: String, _ path: String) throws -> WebURL {
        let text = "\(base)/\(prefix)\(repository)/\(path)"
        guard let url = WebURL(text) else {
            throw TransportError("'\(WebURL.shown(text))' is not a usable address", isTransient: false)
        }
        return url
    }
}

/// A registry's host as credential files spell it.
struct RegistryHost: Hashable, Sendable {
    let name: String

    /// All spellings, the usual one first.
    var keys: [String] {
        guard name == ImageReference.defaultRegistry || name == Self.dockerHub else {
            return [name, "https://\(name)"]
        }
        return [Self.dockerHubAddress, "docker.io", "index.docker.io", Self.dockerHub]
    }

    /// The name for a helper of all hosts.
    var serverAddress: String { keys[0] }

    /// Where Docker Hub answers.
    static let dockerHub = "registry-1.docker.io"
    private static let dockerHubAddress = "https://index.docker.io/v1/"

    /// The name of a host as references have it: `https://index.docker.io/v1/` → `docker.io`.
    static func canonical(_ key: String) -> String {
        let name = normalized(key)
        return ["index.docker.io", dockerHub].contains(name) ? ImageReference.defaultRegistry : name
    }

    /// A key without scheme, version and trailing slash: `https://index.docker.io/v1/` → `index.docker.io`.
    static func normalized(_ key: String) -> String {
        var text = key[...]
        for scheme in ["https://", "http://"] where text.hasPrefix(scheme) { text = text.dropFirst(scheme.count) }
        while text.hasSuffix("/") { text = text.dropLast() }
        for version in ["/v1", "/v2"] where text.hasSuffix(version) { text = text.dropLast(version.count) }
        return String(text)
    }
}
