internal import Extents
internal import HTTP

/// How registries are reached, as a file says. In each list the first rule that matches counts.
public struct RegistryRules: Sendable {
    /// Servers that are asked before a registry.
    public struct MirrorRule: Sendable {
        private let match: [String]
        private(set) var endpoints: [Endpoint] = []
        /// Whether the registry itself is asked after them.
        let asksOrigin: Bool

        /// - Parameter match: registries, or patterns of names without tag and digest.
        public init(match: [String], asksOrigin: Bool) {
            (self.match, self.asksOrigin) = (match.map { $0.lowercased() }, asksOrigin)
        }

        /// - Throws: `MirrorError` for anything but `http(s)://host[:port][/path]`.
        public mutating func add(mirror text: String) throws {
            guard let url = WebURL(text), !url.hasSecrets else { throw MirrorError(text: text, hasRegistry: false) }
            endpoints.append(Endpoint(mirror: url))
        }

        func matches(_ reference: ImageReference) -> Bool {
            let registry = RegistryHost.canonical(reference.registry)
            return match.contains { pattern in
                pattern.contains("/") || pattern == "**"
                    ? Wildcard.matches(pattern, reference.name, separator: "/")
                    : Wildcard.matches(RegistryHost.canonical(pattern), registry)
            }
        }
    }

    /// How hosts of registries and mirrors are reached.
    public struct HostRule: Sendable {
        public enum Security: Sendable { case plain, tls }

        private let match: [String]
        let security: Security?
        let certificates: ServerCertificates
        /// How many blobs are fetched at once; nil for the usual number.
        let connections: Int?

        /// - Parameters:
        ///   - match: hosts, with or without port; `*` is any run of characters.
        ///   - security: nil is TLS, but plain HTTP for loopback.
        ///   - authorities: PEM files of certificates that are trusted, in addition to the usual ones.
        ///   - client: PEM files of a certificate and its key, with which moby identifies itself.
        ///   - connections: how many blobs are fetched at once, 1 or more; nil for the usual number.
        public init(
            match: [String], security: Security?, authorities: [String] = [],
            client: (certificate: String, key: String)? = nil, connections: Int? = nil
        ) {
            self.connections = connections
            self.match = match.map { $0.lowercased() }
            self.security = security
            certificates = ServerCertificates(
                authorities: authorities, client: client.map { .init(certificate: $0.certificate, key: $0.key) })
        }

        func matches(host: String, port: Int?) -> Bool {
            let names = [host.lowercased()] + (port.map { ["\(host.lowercased()):\($0)"] } ?? [])
            return match.contains { pattern in names.contains { Wildcard.matches(pattern, $0) } }
        }
    }

    public var mirrors: [MirrorRule] = []
    public var hosts: [HostRule] = []

    public init() {}

    func host(_ host: String, port: Int?) -> HostRule? { hosts.first { $0.matches(host: host, port: port) } }
    func mirrors(of reference: ImageReference) -> MirrorRule? { mirrors.first { $0.matches(reference) } }
}
