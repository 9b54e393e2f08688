internal import CCurl
internal import Extents

/// An `http` or `https` URL, parsed by the same code that connects to it.
public struct WebURL: Hashable, Sendable, CustomStringConvertible {
    /// The whole URL, with user and query: not for messages.
    package let text: String
    public let scheme: String
    /// In lower case; an IPv6 address in brackets.
    public let host: String
    public let port: Int
    private let redacted: String

    /// - Returns: nil for anything but an absolute `http` or `https` URL.
    public init?(_ text: String) {
        if CurlLibrary.isLoaded { self.init(text, base: nil) } else { self.init(unconnected: text) }
    }

    /// A `Location` header, which may be relative (RFC 9110, section 10.2.2).
    package func resolving(_ location: String) -> WebURL? { WebURL(location, base: self) }

    /// Scheme, host and port.
    package var origin: String { "\(scheme)://\(host):\(port)" }

    /// Host, with the port unless it is the scheme's default: a registry's name.
    package var authority: String { port == (scheme == "https" ? 443 : 80) ? host : "\(host):\(port)" }

    /// Without user, password and query, which may hold secrets; fit for a message.
    public var description: String { redacted }

    /// Whether it has a user, a password, a query or a fragment.
    package let hasSecrets: Bool

    /// A text that may be or contain a URL, safe to show: without user and password, without a query, escaped
    /// and cut.
    package static func shown(_ text: some StringProtocol) -> String {
        WebURL(String(text))?.description ?? PlainText.short(withoutUser(text.prefix { $0 != "?" && $0 != "#" }))
    }

    /// A text without the user and password of a URL in it.
    package static func withoutUser(_ text: some StringProtocol) -> String {
        let text = String(text)
        let start = text.firstRange(of: "//")?.upperBound ?? text.startIndex
        // A password may have a slash that should have been escaped: the last @ counts, but not that of a digest.
        let signs = text[start...].indices.filter { text[$0] == "@" && !text[$0...].hasPrefix("@sha256:") }
        guard let at = signs.last else { return text }
        return String(text[..<start]) + String(text[text.index(after: at)...])
    }

    public static func == (a: WebURL, b: WebURL) -> Bool { a.text == b.text }
    public func hash(into hasher: inout Hasher) { hasher.combine(text) }

    private init?(_ reference: String, base: WebURL?) {
        let handle = moby_curl_url()
        defer { moby_curl_url_cleanup(handle) }
        if let base, moby_curl_url_set(handle, CURLUPART_URL, base.text, 0) != CURLUE_OK { return nil }
        guard !reference.utf8.contains(where: { $0 < 0x21 || $0 == 0x7f }),
            moby_curl_url_set(handle, CURLUPART_URL, reference, 0) == CURLUE_OK,
            let text = Self.part(handle, CURLUPART_URL), let scheme = Self.part(handle, CURLUPART_SCHEME)?.lowercased(),
            let host = Self.part(handle, CURLUPART_HOST)?.lowercased(), scheme == "http" || scheme == "https",
            let port = Self.part(handle, CURLUPART_PORT, UInt32(CURLU_DEFAULT_PORT)).flatMap(Int.init)
        else { return nil }
        self.text = text
        self.scheme = scheme
        self.host = host
        self.port = port
        hasSecrets = [CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY, CURLUPART_FRAGMENT].contains {
            Self.part(handle, $0) != nil
        }
        for secret in [CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY, CURLUPART_FRAGMENT] {
            moby_curl_url_set(handle, secret, nil, 0)
        }
        redacted = PlainText.short(Self.part(handle, CURLUPART_URL) ?? "\(scheme)://\(host)", limit: 500)
    }

    /// Without libcurl nothing connects to it; it appears in the message that says so.
    private init?(unconnected text: String) {
        let form = #/(https?)://([^/?#@]*@)?(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.\-]+)(?::(\d{1,5}))?(/[^?#]*)?([?#].*)?/#
        guard let match = text.wholeMatch(of: form) else { return nil }
        self.text = text
        scheme = String(match.1)
        host = match.3.lowercased()
        port = match.4.flatMap { Int($0) } ?? (match.1 == "https" ? 443 : 80)
        hasSecrets = match.2 != nil || match.6 != nil
        let authority = match.3 + (match.4.map { ":\($0)" } ?? "")
        redacted = PlainText.short("\(match.1)://\(authority)\(match.5 ?? "/")", limit: 500)
    }

    private static func part(_ handle: OpaquePointer?, _ part: CURLUPart, _ flags: UInt32 = 0) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard moby_curl_url_get(handle, part, &text, flags) == CURLUE_OK, let text else { return nil }
        defer { moby_curl_free(text) }
        return String(cString: text)
    }
}

extension WebURL {
    /// `localhost`, 127.0.0.0/8 and `::1`.
    package static func isLoopback(host: String) -> Bool {
        let name = host.lowercased()
        if name == "localhost" || name.hasSuffix(".localhost") || name == "[::1]" || name == "::1" { return true }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    /// A query parameter's value (RFC 3986, section 2.1).
    package static func percentEncoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            if byte.isASCIIDigit || byte.isASCIILetter || "-._~".utf8.contains(byte) {
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                encoded += byte < 16 ? "%0" : "%"
                encoded += String(byte, radix: 16, uppercase: true)
            }
        }
        return encoded
    }
}
