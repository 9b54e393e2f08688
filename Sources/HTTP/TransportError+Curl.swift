internal import CCurl

extension TransportError {
    /// What libcurl says of a transfer that did not come to its end.
    init(curl code: CURLcode, on handle: UnsafeMutableRawPointer) {
        let transient: [CURLcode] = [
            CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT, CURLE_PARTIAL_FILE, CURLE_OPERATION_TIMEDOUT,
            CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_HTTP2, CURLE_HTTP2_STREAM, CURLE_SSL_CONNECT_ERROR,
            CURLE_SEND_FAIL_REWIND,
        ]
        self.init(Self.text(code), isTransient: transient.contains(code), hint: Self.hint(code, on: handle))
    }

    private static func text(_ code: CURLcode) -> String {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST: "no address is known for this host"
        case CURLE_COULDNT_RESOLVE_PROXY: "no address is known for the proxy"
        case CURLE_COULDNT_CONNECT: "no connection"
        case CURLE_PARTIAL_FILE: "the connection ended before the answer did"
        case CURLE_SEND_FAIL_REWIND: "the connection ended while bytes were sent"
        case CURLE_OPERATION_TIMEDOUT: "no answer in time"
        case CURLE_GOT_NOTHING: "the connection ended without an answer"
        case CURLE_PEER_FAILED_VERIFICATION: "the server's certificate is not trusted"
        default: String(cString: curl_easy_strerror(code)).lowercased()
        }
    }

    private static func hint(_ code: CURLcode, on handle: UnsafeMutableRawPointer) -> String? {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_OPERATION_TIMEDOUT:
            "check the network and HTTPS_PROXY, or name a mirror with --mirror"
        case CURLE_COULDNT_RESOLVE_PROXY: "check HTTPS_PROXY, http_proxy and ALL_PROXY"
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE:
            "name the certificate authority with --cert-file or SSL_CERT_FILE"
        case CURLE_SSL_CONNECT_ERROR: "if the registry speaks plain HTTP, name it with --insecure-registry"
        default: nil
        }
    }
}
