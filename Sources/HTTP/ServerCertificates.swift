internal import Extents
internal import Glibc

/// Certificates for one server, in addition to the usual ones.
public struct ServerCertificates: Sendable, Hashable {
    /// With which a client identifies itself.
    public struct Client: Sendable, Hashable {
        /// PEM files.
        public let certificate: String
        public let key: String

        public init(certificate: String, key: String) { (self.certificate, self.key) = (certificate, key) }
    }

    /// PEM files of authorities that are trusted.
    public var authorities: [String]
    public var client: Client?

    public init(authorities: [String] = [], client: Client? = nil) {
        (self.authorities, self.client) = (authorities, client)
    }

    public var isEmpty: Bool { authorities.isEmpty && client == nil }
}

/// Folders with one folder for each server, named `HOST` or `HOST:PORT`, with `*.crt` of authorities, and a client's
/// `*.cert` with its `*.key` (dockerd's certs.d, containers-certs.d(5)).
public enum CertificateFolders {
    /// Where Docker and Podman look.
    public static func usual(environment: [String: String]) -> [String] {
        let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 }
        let base =
            environment["XDG_CONFIG_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? home.map { "\($0)/.config" }
        return (base.map { ["\($0)/containers/certs.d"] } ?? []) + ["/etc/containers/certs.d", "/etc/docker/certs.d"]
    }

    /// What the first folder for a server has; empty when there is none. A folder that may not be read is left out.
    /// - Parameter authority: host, with the port unless it is the usual one.
    /// - Throws: `FileError`; `TransportError` for a certificate without its key.
    public static func certificates(of url: WebURL, in folders: [String]) throws -> ServerCertificates {
        for base in folders {
            for name in ["\(url.host):\(url.port)", url.host] {
                let folder = "\(base)/\(name)"
                guard let names = try names(in: folder), !names.isEmpty else { continue }
                return try certificates(names, in: folder)
            }
        }
        return ServerCertificates()
    }

    private static func names(in folder: String) throws -> [String]? {
        do { return try FolderTree.names(in: folder) } catch  where error.code == EACCES { return nil }
    }

    private static func certificates(_ names: [String], in folder: String) throws -> ServerCertificates {
        var found = ServerCertificates(authorities: names.filter { $0.hasSuffix(".crt") }.map { "\(folder)/\($0)" })
        guard let certificate = names.first(where: { $0.hasSuffix(".cert") }) else { return found }
        let key = certificate.dropLast("cert".count) + "key"
        guard names.contains(String(key)) else {
            throw TransportError(
                "'\(PlainText.short("\(folder)/\(certificate)"))' has no key '\(PlainText.short(String(key)))' next to it",
                isTransient: false, trouble: .certificate)
        }
        found.client = .init(certificate: "\(folder)/\(certificate)", key: "\(folder)/\(key)")
        return found
    }
}
