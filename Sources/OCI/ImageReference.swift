/// The name of an image in a registry (distribution, reference grammar), with Docker's shorthand filled in.
public struct ImageReference: Hashable, Sendable, CustomStringConvertible {
    /// Host with optional port, in lower case, e.g. `docker.io`, `localhost:5000`, `[::1]:5000`.
    public let registry: String
    /// Path below the host, e.g. `library/nginx`.
    public let repository: String
    /// The tag as written; nil when there is none.
    public let tag: String?
    /// The digest as written; it takes precedence over a tag.
    public let digest: Digest?

    /// The host of all names that have none.
    public static let defaultRegistry = "docker.io"

    /// Reads a reference; its meaning depends on the text alone.
    /// - Throws: `ImageReferenceError` with the wrong part and the allowed characters.
    public init(_ text: String) throws {
        let parts = try Parts(text)
        let (host, path) = Self.splitHost(parts.name)
        try ReferenceGrammar(text).check(host: host, path: path, tag: parts.tag)
        var registry = (host ?? Self.defaultRegistry).lowercased()
        if registry == "index.docker.io" { registry = Self.defaultRegistry }
        self.registry = registry
        self.repository = registry == Self.defaultRegistry && !path.contains("/") ? "library/\(path)" : path
        self.tag = parts.tag
        self.digest = parts.digest
    }

    /// The canonical form: `docker.io/library/nginx:1.27@sha256:…`; `:latest` when there is neither tag nor digest.
    public var description: String {
        var text = name
        if let tag = effectiveTag { text += ":\(tag)" }
        if let digest { text += "@\(digest)" }
        return text
    }

    /// Host and repository, without tag and digest.
    public var name: String { "\(registry)/\(repository)" }

    /// The tag; `latest` when there is neither tag nor digest.
    public var effectiveTag: String? { tag ?? (digest == nil ? "latest" : nil) }

    /// The first component is a host when it has a dot or a colon or is `localhost`; this is Docker's rule.
    private static func splitHost(_ name: Substring) -> (host: String?, path: String) {
        guard let slash = name.firstIndex(of: "/") else { return (nil, String(name)) }
        let first = name[..<slash]
        guard first.contains(".") || first.contains(":") || first.lowercased() == "localhost" else {
            return (nil, String(name))
        }
        return (String(first), String(name[name.index(after: slash)...]))
    }
}

/// The text cut at its separators, nothing checked but the digest.
private struct Parts {
    var name: Substring
    var tag: String?
    var digest: Digest?

    init(_ text: String) throws {
        name = text[...]
        if let at = text.firstIndex(of: "@") {
            let found = String(text[text.index(after: at)...])
            guard let digest = Digest(found) else { throw ImageReferenceError(text, .digest(found)) }
            self.digest = digest
            name = text[..<at]
        }
        let lastComponent = name.lastIndex(of: "/") ?? name.startIndex
        if let colon = name[lastComponent...].lastIndex(of: ":") {
            tag = String(name[name.index(after: colon)...])
            name = name[..<colon]
        }
    }
}

extension ImageReference {
    /// The prefix of names of images that moby builds on this machine. No registry is `localhost` without a port, so
    /// such a name has no other owner; podman marks local images in the same way.
    public static let localPrefix = "localhost/moby"

    /// Whether images of this name are built locally (`moby pkg build`) and never pulled.
    public var isLocal: Bool { registry == "localhost" && repository.hasPrefix("moby/") }
}
