internal import CCurl
internal import Dispatch
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
    ///   - certificateFiles: PEM files that are trusted besides the usual ones.
    ///   - checksCertificates: `false` takes every certificate: for finding out whether a server answers, never for
    ///     what it says.
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
        settings.apply(to: handle.pointer, for: exchange.request.url)
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
        guard let pointer = curl_easy_init() else { throw TransportError("libcurl has no memory", isTransient: false) }
        self.pointer = pointer
    }

    deinit { curl_easy_cleanup(pointer) }
}
