internal import CCurl
internal import Extents

/// libcurl, loaded at the first URL. The dynamic linker looks next to the program first (`../lib/moby`), then where the
/// system has its libraries.
public enum CurlLibrary {
    /// The library with OpenSSL, or else the one with GnuTLS, which other programs bring along.
    private static let names = ["libcurl.so.4", "libcurl-gnutls.so.4"]

    /// Why no library can be used; nil when one is loaded.
    private static let reason: String? = {
        var reason: String?
        for name in names {
            guard let text = moby_curl_load(name) else { return nil }
            // About the first name: that is the one to install.
            reason = reason ?? String(cString: text)
        }
        return reason
    }()

    static var isLoaded: Bool { reason == nil }

    /// - Throws: `TransportError` when this machine has no libcurl.
    package static func load() throws(TransportError) {
        guard let reason else { return }
        throw TransportError(
            "loading libcurl: \(PlainText.short(reason))", isTransient: false,
            hint: "install libcurl (Debian, Ubuntu: libcurl4; Fedora: libcurl; openSUSE: libcurl4; Arch: curl)")
    }

    /// The libraries and versions that it is made of, as `libcurl/7.88.1 OpenSSL/3.0.15`.
    /// - Throws: `TransportError` when this machine has no libcurl.
    public static func version() throws(TransportError) -> String {
        try load()
        return String(cString: moby_curl_version())
    }
}
