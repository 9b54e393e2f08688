internal import CCurl
internal import Dispatch
internal import Extents
internal import Glibc
internal import Synchronization

/// HTTP by libcurl. Handles are kept, and with them their open connections.
public final class CurlTransport: HTTPTransport {
    private let settings: CurlSettings
    private let checksCertificates: Bool
    private let idle = Mutex<[CurlHandle]>([])
    /// An exchange blocks a thread; Swift's own pool has too few for that.
    private let threads = DispatchQueue(label: "moby.http", attributes: .concurrent)

    /// - Parameters:
    ///   - environment: proxies and certificate bundles.
    ///   - certificateFiles: PEM files that are trusted in addition to the usual ones.
    ///   - checksCertificates: `false` accepts every certificate: to find out whether a server answers, never for
    ///     its content.
    public init(environment: [String: String], certificateFiles: [String] = [], checksCertificates: Bool = true) throws
    {
        precondition(Self.library == CURLE_OK, "libcurl cannot be used")
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
        let handle = try idle.withLock { $0.popLast() } ?? CurlHandle()
        defer { idle.withLock { $0.append(handle) } }
        curl_easy_reset(handle.pointer)
        try settings.apply(to: handle.pointer, for: exchange.request.url)
        if !checksCertificates {
            moby_curl_setopt_long(handle.pointer, CURLOPT_SSL_VERIFYPEER, 0)
            moby_curl_setopt_long(handle.pointer, CURLOPT_SSL_VERIFYHOST, 0)
        }
        return try exchange.perform(on: handle.pointer, proxy: settings.proxy(for: exchange.request.url))
    }

    private static let library = curl_global_init(Int(CURL_GLOBAL_ALL))
}

/// An easy handle; one thread at a time uses it.
private final class CurlHandle: @unchecked Sendable {
    let pointer: UnsafeMutableRawPointer

    init() throws {
        guard let pointer = curl_easy_init() else {
            throw TransportError("libcurl is out of memory", isTransient: false)
        }
        self.pointer = pointer
    }

    deinit { curl_easy_cleanup(pointer) }
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
        let bundle = value("CURL_CA_BUNDLE", "SSL_CERT_FILE")
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
        if bundle != nil || access(Self.systemBundle, F_OK) == 0 { bytes = try Self.read(bundle ?? Self.systemBundle) }
        for file in certificateFiles {
            bytes += [UInt8(ascii: "\n")] + (try Self.read(file))
        }
        certificates = bytes
    }

    private static let systemBundle = "/etc/ssl/certs/ca-certificates.crt"

    /// - Throws: `TransportError` also for anything but a regular file.
    private static func read(_ path: String) throws(TransportError) -> [UInt8] {
        do { return try HostFiles.read(path, limit: 64 << 20) } catch {
            let reason = (error as? FileError).map { String(cString: strerror($0.code)) } ?? "not a regular file"
            throw TransportError(
                "reading certificate file '\(PlainText.short(path))': \(reason)", isTransient: false,
                hint: "check --cert-file, CURL_CA_BUNDLE and SSL_CERT_FILE", trouble: .certificate)
        }
    }

    /// The proxy for a URL; empty for none. Loopback is never proxied.
    func proxy(for url: WebURL) -> String {
        WebURL.isLoopback(host: url.host) || noProxy.contains(url) ? "" : proxies[url.scheme] ?? ""
    }

    /// - Throws: `TransportError` for HTTPS when the bundle of certificates cannot be read.
    func apply(to handle: UnsafeMutableRawPointer, for url: WebURL) throws {
        if let bundleError, url.scheme == "https" { throw bundleError }
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

/// The hosts that are reached without a proxy: the list in `NO_PROXY`, by the rules of Go and libcurl together.
///
/// An entry is `*`, a host (with what lies below it), an address or a block of addresses (`10.0.0.0/8`), each but the
/// block with `:port` to match only that port.
struct NoProxy: Sendable {
    private let entries: [Entry]

    private enum Entry {
        case all
        case host(String, port: Int?)
        case block([UInt8], bits: Int)
    }

    /// - Parameter list: entries with commas or spaces between them. What cannot be read matches nothing.
    init(_ list: String) {
        entries = list.split { ", \t".contains($0) }.map { Self.entry($0.lowercased()) }
    }

    /// Whether a URL is requested without a proxy.
    func contains(_ url: WebURL) -> Bool {
        let host = Self.bare(url.host)
        let address = Self.address(host)
        return entries.contains { entry in
            switch entry {
            case .all: true
            case .host(let name, let port):
                (port == nil || port == url.port) && (host == name || address == nil && host.hasSuffix(".\(name)"))
            case .block(let network, let bits):
                address.map { Self.prefix($0, bits) == Self.prefix(network, bits) } ?? false
            }
        }
    }

    private static func entry(_ text: String) -> Entry {
        if text == "*" { return .all }
        if let slash = text.firstIndex(of: "/"), let network = address(String(text[..<slash])),
            let bits = Int(text[text.index(after: slash)...]), (0...network.count * 8).contains(bits)
        {
            return .block(network, bits: bits)
        }
        var (name, port) = (text[...], Int?.none)
        // A colon of an IPv6 address without brackets is not one before a port.
        if let colon = text.lastIndex(of: ":"),
            text.hasPrefix("[") ? text[..<colon].hasSuffix("]") : text.firstIndex(of: ":") == colon,
            let number = Int(text[text.index(after: colon)...])
        {
            (name, port) = (text[..<colon], number)
        }
        if name.hasPrefix(".") { name = name.dropFirst() }
        return .host(bare(String(name)), port: port)
    }

    /// Without the brackets of an IPv6 address and the dot at the end of a full name.
    private static func bare(_ host: String) -> String {
        var text = host[...]
        if text.hasPrefix("["), text.hasSuffix("]") { text = text.dropFirst().dropLast() }
        if text.hasSuffix(".") { text = text.dropLast() }
        return String(text)
    }

    /// The bytes of an IPv4 or IPv6 address; nil for a name.
    private static func address(_ text: String) -> [UInt8]? {
        for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: count)
            if inet_pton(family, text, &bytes) == 1 { return bytes }
        }
        return nil
    }

    private static func prefix(_ address: [UInt8], _ bits: Int) -> [UInt8]? {
        guard bits <= address.count * 8 else { return nil }
        var bytes = Array(address.prefix((bits + 7) / 8))
        if bits % 8 > 0 { bytes[bytes.count - 1] &= ~(0xff >> UInt8(bits % 8)) }
        return bytes + [UInt8(address.count)]
    }
}
