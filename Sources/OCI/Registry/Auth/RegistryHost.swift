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

    /// What a helper for all hosts is asked for.
    var serverAddress: String { keys[0] }

    /// Where Docker Hub answers.
    static let dockerHub = "registry-1.docker.io"
    private static let dockerHubAddress = "https://index.docker.io/v1/"

    /// A key without scheme, version and trailing slash: `https://index.docker.io/v1/` → `index.docker.io`.
    static func normalized(_ key: String) -> String {
        var text = key[...]
        for scheme in ["https://", "http://"] where text.hasPrefix(scheme) { text = text.dropFirst(scheme.count) }
        while text.hasSuffix("/") { text = text.dropLast() }
        for version in ["/v1", "/v2"] where text.hasSuffix(version) { text = text.dropLast(version.count) }
        return String(text)
    }
}
