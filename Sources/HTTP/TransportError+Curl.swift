internal import CCurl
internal import Extents
internal import Glibc

extension TransportError {
    /// What libcurl reports of a transfer that failed.
    /// - Parameters:
    ///   - detail: libcurl's own words.
    ///   - proxy: the proxy that was used; empty for none.
    init(curl code: CURLcode, _ detail: String, on handle: UnsafeMutableRawPointer, _ url: WebURL, proxy: String) {
        if url.scheme == "https", code == CURLE_SSL_CERTPROBLEM || Self.alerts.contains(where: detail.contains) {
            self.init(
                code == CURLE_SSL_CERTPROBLEM
                    ? "the client's certificate cannot be used: \(PlainText.line(detail))"
                    : "the server demands a client's certificate that it trusts",
                isTransient: false, trouble: .clientCertificate)
            return
        }
        var (status, number) = (0, 0)
        moby_curl_getinfo_long(handle, CURLINFO_HTTP_CONNECTCODE, &status)
        moby_curl_getinfo_long(handle, CURLINFO_OS_ERRNO, &number)
        let isRefused = code == CURLE_COULDNT_CONNECT && number == Int(ECONNREFUSED)
        if !proxy.isEmpty {
            if status >= 400 {
                self.init(status: status, proxy: proxy)
                return
            }
            if code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_PROXY {
                self.init(
                    "\(isRefused ? "connection refused" : Self.text(code)): proxy '\(Self.shown(proxy))'",
                    isTransient: true,
                    hint: "check HTTPS_PROXY, http_proxy and ALL_PROXY", trouble: .proxy)
                return
            }
        }
        // Waiting does not start a server on this machine.
        let isLocal = isRefused && WebURL.isLoopback(host: url.host)
        let trouble = isRefused ? .refused : Self.trouble(code, url)
        self.init(
            isRefused ? "connection refused" : Self.text(code), isTransient: Self.transient.contains(code) && !isLocal,
            hint: isLocal
                ? "nothing listens on port \(url.port) of this machine; start the server, or check the port"
                : Self.hint(trouble),
            trouble: trouble)
    }

    /// A proxy's own answer.
    init(status: Int, proxy: String) {
        self.init(
            "proxy '\(Self.shown(proxy))' answered with status \(status)", isTransient: RetryPolicy.isTransient(status),
            hint: status == 407
                ? "the proxy needs a login: write it as http://USER:PASSWORD@HOST:PORT"
                : "ask the proxy's administrator, or list the host in NO_PROXY",
            trouble: .proxy)
    }

    /// What servers say of clients' certificates (RFC 8446, section 6.2), in OpenSSL's words.
    private static let alerts = ["alert certificate required", "alert bad certificate", "alert unknown ca"]

    private static let transient: [CURLcode] = [
        CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT, CURLE_PARTIAL_FILE,
        CURLE_OPERATION_TIMEDOUT,
        CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_HTTP2, CURLE_HTTP2_STREAM, CURLE_SSL_CONNECT_ERROR,
        CURLE_SEND_FAIL_REWIND,
    ]

    /// A proxy without its user and password.
    private static func shown(_ proxy: String) -> String { PlainText.short(WebURL.withoutUser(proxy)) }

    private static func text(_ code: CURLcode) -> String {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: "unknown host"
        case CURLE_COULDNT_CONNECT: "cannot connect"
        case CURLE_PARTIAL_FILE: "the connection closed before the end of the answer"
        case CURLE_SEND_FAIL_REWIND: "the connection closed while sending"
        case CURLE_OPERATION_TIMEDOUT: "no answer in time"
        case CURLE_GOT_NOTHING: "the connection closed without an answer"
        case CURLE_SSL_CONNECT_ERROR: "no TLS connection"
        case CURLE_PEER_FAILED_VERIFICATION: "the server's certificate is not trusted"
        default: String(cString: moby_curl_easy_strerror(code)).lowercased()
        }
    }

    private static func trouble(_ code: CURLcode, _ url: WebURL) -> Trouble {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_OPERATION_TIMEDOUT: .unreachable
        case CURLE_COULDNT_RESOLVE_PROXY: .proxy
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE: .certificate
        case CURLE_SSL_CONNECT_ERROR: .notTLS
        // Servers that expect TLS hang up, or send an alert, which looks like HTTP/0.9.
        case CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY:
            url.scheme == "http" ? .notPlain : .other
        default: .other
        }
    }

    private static func hint(_ trouble: Trouble) -> String? {
        switch trouble {
        case .refused, .unreachable: "check the network and HTTPS_PROXY"
        case .proxy: "check HTTPS_PROXY, http_proxy and ALL_PROXY"
        case .certificate: "name the certificate authority with --cert-file or SSL_CERT_FILE"
        case .notTLS: "if the server speaks plain HTTP, write http:// instead of https://"
        case .notPlain: "if the server speaks TLS, write https:// instead of http://"
        case .clientCertificate, .plainRedirect, .other: nil
        }
    }
}
