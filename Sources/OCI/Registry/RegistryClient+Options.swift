internal import HTTP
internal import Progress

/// With or without TLS: options before rules before what is usual.
struct HostAccess: Sendable {
    let insecure: HostSet
    let secure: HostSet
    let rules: RegistryRules

    func isPlain(_ registry: String) -> Bool {
        let (host, port) = HostSet.split(registry)
        if insecure.contains(host: host, port: port) { return true }
        if secure.contains(host: host, port: port) { return false }
        guard let security = rules.host(host, port: port ?? 443)?.security else { return WebURL.isLoopback(host: host) }
        return security == .plain
    }

    /// Whether secrets and redirects may go to a URL of plain HTTP.
    func allowsPlain(_ url: WebURL) -> Bool {
        insecure.contains(host: url.host, port: url.port)
            || rules.host(url.host, port: url.port)?.security == .plain
    }
}

extension RegistryClient {
    /// A client as the user's options say.
    /// - Throws: `TransportError` for certificates that cannot be read; `MirrorError`.
    convenience init(
        options: ImageProvider.Options, credentials: Credentials, retry: RetryPolicy, progress: Reporter
    ) throws {
        let (rules, folders) = (options.rules, CertificateFolders.usual(environment: options.environment))
        let transport = try CurlTransport(
            environment: options.environment, certificateFiles: options.certificateFiles
        ) { url in
            let named = rules.host(url.host, port: url.port)?.certificates
            return try named.flatMap { $0.isEmpty ? nil : $0 } ?? CertificateFolders.certificates(of: url, in: folders)
        }
        try self.init(
            transport: transport, credentials: credentials, insecure: options.insecureRegistries,
            secure: options.secureRegistries, mirrors: options.mirrors, rules: rules, retry: retry, progress: progress)
    }
}
