internal import CCurl
internal import Dispatch
internal import Extents
internal import Glibc
internal import Synchronization

/// HTTP by libcurl. Handles are kept, and with them their open connections.
public final class CurlTransport: HTTPTransport {
    private let settings: CurlSettings
    private let checksCertificates: Bool
    /// Certificates for one server, in addition to the usual ones.
    private let servers: @Sendable (WebURL) throws -> ServerCertificates
    /// By origin, once they were looked up.
    private let known = Mutex<[String: CurlCertificates]>([:])
    private let idle = Mutex<[CurlHandle]>([])
    /// An exchange blocks a thread; Swift's own pool has too few for that.
    private let threads = DispatchQueue(label: "moby.http", attributes: .concurrent)

    /// - Parameters:
    ///   - environment: proxies and certificate bundles.
    ///   - certificateFiles: PEM files that are trusted in addition to the usual ones.
    ///   - checksCertificates: `false` accepts every certificate: to find out whether a server answers, never for
    ///     its content.
    ///   - servers: certificates for one server, in addition to the usual ones; it is asked once for each.
    public init(
        environment: [String: String], certificateFiles: [String] = [], checksCertificates: Bool = true,
        servers: @escaping @Sendable (WebURL) throws -> ServerCertificates = { _ in ServerCertificates() }
    ) throws {
        self.servers = servers
        self.checksCertificates = checksCertificates
        settings = try CurlSettings(environment: environment, certificateFiles: certificateFiles)
    }

    public func exchange(_ request: HTTPRequest, into sink: any HTTPBodySink) async throws -> HTTPResponse {
        let exchange = CurlExchange(request, sink)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                threads.async { continuation.resume(with: Result { try self.perform(exchange) }) }
            }
        } onCancel: {
            exchange.cancel()
        }
    }

    /// The same for a caller that may wait: on the calling thread.
    public func exchangeAndWait(_ request: HTTPRequest, into sink: any HTTPBodySink) throws -> HTTPResponse {
        try perform(CurlExchange(request, sink))
    }

    private func perform(_ exchange: CurlExchange) throws -> HTTPResponse {
        try CurlLibrary.load()
        let handle = try idle.withLock { $0.popLast() } ?? CurlHandle()
        defer { idle.withLock { $0.append(handle) } }
        moby_curl_easy_reset(handle.pointer)
        let url = exchange.request.url
        try settings.apply(to: handle.pointer, for: url, own: url.scheme == "https" ? certificates(of: url) : nil)
        if !checksCertificates {
            moby_curl_setopt_long(handle.pointer, CURLOPT_SSL_VERIFYPEER, 0)
            moby_curl_setopt_long(handle.pointer, CURLOPT_SSL_VERIFYHOST, 0)
        }
        return try exchange.perform(on: handle.pointer, proxy: settings.proxy(for: url))
    }

    private func certificates(of url: WebURL) throws -> CurlCertificates {
        if let known = known.withLock({ $0[url.origin] }) { return known }
        let found = try settings.certificates(with: servers(url))
        known.withLock { $0[url.origin] = found }
        return found
    }
}

/// Certificates for one server, as libcurl takes them.
struct CurlCertificates: Sendable {
    /// PEM of all authorities; empty for the usual ones.
    let authorities: [UInt8]
    let client: ServerCertificates.Client?
}

/// An easy handle; one thread at a time uses it.
private final class CurlHandle: @unchecked Sendable {
    let pointer: UnsafeMutableRawPointer

    init() throws {
        guard let pointer = moby_curl_easy_init() else {
            throw TransportError("libcurl is out of memory", isTransient: false)
        }
        self.pointer = pointer
    }

    deinit { moby_curl_easy_cleanup(pointer) }
}

/// Proxies and certificates, as users of command-line tools set them.
struct CurlSettings: Sendable {
    private let proxies: [String: String]
    private let noProxy: NoProxy
    private let certificateFile: String?
    private let certificateFolder: String?
    private let certificates: [UInt8]
    private let bundleError: TransportError?

    /// - Parameters:
    ///   - environment: `HTTPS_PROXY`, `http_proxy`, `ALL_PROXY`, `NO_PROXY`, `CURL_CA_BUNDLE`, `SSL_CERT_FILE`,
    ///     `SSL_CERT_DIR`.
    ///   - certificateFiles: PEM files that are trusted in addition to the usual ones.
    /// - Throws: `TransportError` when a certificate file cannot be read.
    init(environment: [String: String], certificateFiles: [String]) throws {
        func value(_ names: String...) -> String? { names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty } }
        let all = value("all_proxy", "ALL_PROXY") ?? ""
        // HTTP_PROXY in capitals can be set by a CGI client ("httpoxy"); libcurl ignores it too.
        proxies = ["https": value("https_proxy", "HTTPS_PROXY") ?? all, "http": value("http_proxy") ?? all]
        noProxy = NoProxy(value("no_proxy", "NO_PROXY") ?? "")
        certificateFolder = value("SSL_CERT_DIR")
        let bundle = CertificateBundle.named(environment)
        certificateFile = bundle
        do {
            if let bundle { _ = try Self.read(bundle) }
            bundleError = nil
        } catch {
            // Plain HTTP works without it.
            guard certificateFiles.isEmpty else { throw error }
            bundleError = error
        }
        guard !certificateFiles.isEmpty else {
            certificates = []
            return
        }
        // A machine may have none of its own.
        var bytes: [UInt8] = []
        if let file = try bundle ?? CertificateBundle.system() { bytes = try Self.read(file) }
        for file in certificateFiles {
            bytes += [UInt8(ascii: "\n")] + (try Self.read(file))
        }
        certificates = bytes
    }

    /// - Throws: `TransportError` also for anything but a regular file.
    private static func read(_ path: String) throws(TransportError) -> [UInt8] {
        do { return try HostFiles.read(path, limit: 64 << 20) } catch {
            let reason = (error as? FileError).map { FileError.text(of: $0.code) } ?? "not a regular file"
            throw TransportError(
                "reading certificate file '\(PlainText.short(path))': \(reason)", isTransient: false,
                hint: "check --cert-file, CURL_CA_BUNDLE, SSL_CERT_FILE and 'ca' in registries.yml",
                trouble: .certificate)
        }
    }

    /// The proxy for a URL; empty for none. Loopback is never proxied.
    func proxy(for url: WebURL) -> String {
        WebURL.isLoopback(host: url.host) || noProxy.contains(url) ? "" : proxies[url.scheme] ?? ""
    }

    /// The usual certificates and those for one server.
    /// - Throws: `TransportError` when a file cannot be read.
    func certificates(with own: ServerCertificates) throws -> CurlCertificates {
        guard !own.authorities.isEmpty else { return CurlCertificates(authorities: [], client: own.client) }
        var bytes = certificates
        if bytes.isEmpty, let file = try certificateFile ?? CertificateBundle.system() { bytes = try Self.read(file) }
        for file in own.authorities { bytes += [UInt8(ascii: "\n")] + (try Self.read(file)) }
        return CurlCertificates(authorities: bytes, client: own.client)
    }

    /// - Throws: `TransportError` for HTTPS when the bundle of certificates cannot be read.
    func apply(to handle: UnsafeMutableRawPointer, for url: WebURL, own: CurlCertificates?) throws {
        if let client = own?.client {
            moby_curl_setopt_string(handle, CURLOPT_SSLCERT, client.certificate)
            moby_curl_setopt_string(handle, CURLOPT_SSLKEY, client.key)
        }
        let certificates = own.flatMap { $0.authorities.isEmpty ? nil : $0.authorities } ?? certificates
        if let bundleError, url.scheme == "https" { throw bundleError }
        moby_curl_setopt_string(handle, CURLOPT_PROXY, proxy(for: url))
        // An empty list keeps libcurl from reading the environment for itself.
        moby_curl_setopt_string(handle, CURLOPT_NOPROXY, "")
        if let certificateFolder { moby_curl_setopt_string(handle, CURLOPT_CAPATH, certificateFolder) }
        if certificates.isEmpty {
            if let file = try certificateFile ?? CertificateBundle.system() {
                moby_curl_setopt_string(handle, CURLOPT_CAINFO, file)
            }
        } else {
            certificates.withUnsafeBytes {
                _ = moby_curl_setopt_blob(handle, CURLOPT_CAINFO_BLOB, $0.baseAddress, $0.count)
            }
        }
    }
}

/// The certificates of authorities that HTTPS trusts.
public enum CertificateBundle {
    /// The file in use: that of a variable, else that of the distribution; nil when there is none.
    /// - Throws: `FileError`.
    public static func path(environment: [String: String]) throws -> String? {
        try named(environment) ?? system()
    }

    /// The file that a variable names.
    static func named(_ environment: [String: String]) -> String? {
        ["CURL_CA_BUNDLE", "SSL_CERT_FILE"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
    }

    /// Where distributions keep the certificates: libcurl knows only the path of the distribution it was built on.
    static func system() throws -> String? {
        try [
            "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
            "/etc/ssl/cert.pem",
        ].first { try HostFiles.exists($0) }
    }
}
