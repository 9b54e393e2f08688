internal import Extents
internal import HTTP

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
    /// - Throws: `ImageReferenceError` that says which part is wrong and what is allowed.
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
    /// The prefix of names of images that moby builds on this machine. No registry is `localhost` without a port, so such
    /// a name has no other owner; podman marks local images in the same way.
    public static let localPrefix = "localhost/moby"

    /// Whether images of this name are built locally (`moby pkg build`) and never pulled.
    public var isLocal: Bool { registry == "localhost" && repository.hasPrefix("moby/") }
}

/// A text that is not an image reference: the part that is wrong and what is allowed there.
public struct ImageReferenceError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The part that is wrong, as it was found.
    public enum Part: Equatable, Sendable {
        case empty
        case host(String)
        case port(String)
        case repository(String)
        case upperCase(String)
        case tooLong(Int)
        case hexadecimal(String)
        case tag(String)
        case digest(String)
    }

    /// The whole text.
    public let text: String
    /// The part that is wrong.
    public let part: Part

    init(_ text: String, _ part: Part) {
        self.text = text
        self.part = part
    }

    public var description: String {
        if let end = text.firstRange(of: "://")?.upperBound {
            return
                "'\(WebURL.shown(text))' is a URL, expected an image reference; leave out '\(PlainText.short(text[..<end]))'"
        }
        return "'\(PlainText.short(text))' is not an image reference: \(reason)"
    }

    private var reason: String {
        switch part {
        case .empty: "it has no name; write for example 'nginx:1.27'"
        case .host(let found):
            "host '\(PlainText.short(found))' may have letters, digits, '-' and '.', or be an IPv6 address in brackets"
        case .port(let found): "port '\(PlainText.short(found))' is not a number from 1 to 65535"
        case .repository(let found):
            "repository part '\(PlainText.short(found))' may have a-z and 0-9, with '.', '_', '__' or '-' between them"
        case .upperCase(let found):
            "repository '\(PlainText.short(found))' must be lower case; write '\(PlainText.short(found.lowercased()))'"
        case .tooLong(let count): "its name is \(count) characters long; the limit is 255"
        case .hexadecimal(let found):
            "'\(PlainText.short(found))' would be read as a digest; write '@sha256:\(PlainText.short(found))' after a repository"
        case .tag(let found):
            "tag '\(PlainText.short(found))' may have letters, digits, '_', '.' and '-', at most 128, not beginning with '.' or '-'"
        case .digest(let found): "digest '\(PlainText.short(found))' is not 'sha256:' with 64 digits 0-9 and a-f"
        }
    }
}
