internal import CCurl
internal import Extents
internal import Glibc

/// Proxies and certificates, as users of command-line tools set them.
struct CurlSettings: Sendable {
    private let proxies: [String: String]
    private let noProxy: NoProxy
    private let certificateFile: String?
    private let certificateFolder: String?
    private let certificates: [UInt8]

    /// - Parameters:
    ///   - environment: `HTTPS_PROXY`, `http_proxy`, `ALL_PROXY`, `NO_PROXY`, `CURL_CA_BUNDLE`, `SSL_CERT_FILE`,
    ///     `SSL_CERT_DIR`.
    ///   - certificateFiles: PEM files that are trusted besides the usual ones.
    /// - Throws: `TransportError` when a certificate file cannot be read.
    init(environment: [String: String], certificateFiles: [String]) throws {
        func value(_ names: String...) -> String? { names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty } }
        let all = value("all_proxy", "ALL_PROXY") ?? ""
        // HTTP_PROXY in capitals can be set by a CGI client ("httpoxy"); libcurl ignores it too.
        proxies = ["https": value("https_proxy", "HTTPS_PROXY") ?? all, "http": value("http_proxy") ?? all]
        noProxy = NoProxy(value("no_proxy", "NO_PROXY") ?? "")
        certificateFolder = value("SSL_CERT_DIR")
        let bundle = value("CURL_CA_BUNDLE", "SSL_CERT_FILE")
        certificateFile = bundle
        guard !certificateFiles.isEmpty else {
            certificates = []
            return
        }
        var bytes = Self.read(bundle ?? Self.systemBundle) ?? []
        for file in certificateFiles {
            guard let more = Self.read(file) else {
                throw TransportError("certificate file '\(PlainText.short(file))' cannot be read", isTransient: false)
            }
            bytes += [UInt8(ascii: "\n")] + more
        }
        certificates = bytes
    }

    private static let systemBundle = "/etc/ssl/certs/ca-certificates.crt"

    /// - Returns: nil for what is not a regular file, which could give bytes without end or none at all, or cannot be
    ///   read.
    private static func read(_ path: String) -> [UInt8]? {
        var info = stat()
        guard stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { return nil }
        return try? ExtentReader.bytes(of: ExtentList(file: path))
    }

    /// The proxy for a URL; empty for none. Loopback is never proxied.
    func proxy(for url: WebURL) -> String {
        WebURL.isLoopback(host: url.host) || noProxy.contains(url) ? "" : proxies[url.scheme] ?? ""
    }

    func apply(to handle: UnsafeMutableRawPointer, for url: WebURL) {
        moby_curl_setopt_string(handle, CURLOPT_PROXY, proxy(for: url))
        // An empty list keeps libcurl from reading the environment for itself.
        moby_curl_setopt_string(handle, CURLOPT_NOPROXY, "")
        if let certificateFolder { moby_curl_setopt_string(handle, CURLOPT_CAPATH, certificateFolder) }
        if certificates.isEmpty {
            if let certificateFile { moby_curl_setopt_string(handle, CURLOPT_CAINFO, certificateFile) }
        } else {
            certificates.withUnsafeBytes {
                _ = moby_curl_setopt_blob(handle, CURLOPT_CAINFO_BLOB, $0.baseAddress, $0.count)
            }
        }
    }
}
