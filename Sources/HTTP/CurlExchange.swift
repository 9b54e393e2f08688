internal import CCurl
internal import Extents
internal import Glibc
internal import Synchronization

/// One request on one handle. libcurl's callbacks come on the thread that performs it; only cancelling comes from
/// elsewhere.
final class CurlExchange: @unchecked Sendable {
    let request: HTTPRequest
    private let sink: any HTTPBodySink
    private let cancelled = Mutex(false)
    private var response = HTTPResponse(status: 0)
    private var begun = false
    private var failure: (any Error)?
    private var upload: Upload?

    /// All header fields together, in bytes; no server needs more.
    private static let largestHead = 256 << 10
    private var headSize = 0

    /// Limits in bytes and time on the body of an error answer; the rest is not read.
    private static let largestPage = 64 << 10
    private static let longestPage = Duration.seconds(10)
    /// A redirect's body is read only when it is so short, in bytes, that a new connection would cost more.
    private static let largestRedirect = 4 << 10
    /// How many bytes of the body are still wanted; nil for all.
    private var bodyLeft: Int?
    private var bodyEnd: ContinuousClock.Instant?
    /// The transfer was cut after the wanted part of the answer.
    private var isCut = false

    init(_ request: HTTPRequest, _ sink: any HTTPBodySink) {
        self.request = request
        self.sink = sink
    }

    func cancel() { cancelled.withLock { $0 = true } }

    /// - Parameter proxy: where the request goes through; empty for none.
    func perform(on handle: UnsafeMutableRawPointer, proxy: String) throws -> HTTPResponse {
        upload = try Upload(request.body)
        var list: UnsafeMutablePointer<curl_slist>?
        defer { moby_curl_slist_free_all(list) }
        for field in request.headers.fields { list = moby_curl_slist_append(list, "\(field.name): \(field.value)") }
        list = moby_curl_slist_append(list, "Expect:")
        configure(handle, headers: list)
        let words = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
        words.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        defer {
            moby_curl_setopt_pointer(handle, CURLOPT_ERRORBUFFER, nil)
            words.deallocate()
        }
        moby_curl_setopt_pointer(handle, CURLOPT_ERRORBUFFER, words)
        let code = withExtendedLifetime(self) { moby_curl_easy_perform(handle) }
        if let failure { throw failure }
        if cancelled.withLock({ $0 }) { throw CancellationError() }
        guard code == CURLE_OK || isCut else {
            throw TransportError(curl: code, String(cString: words), on: handle, request.url, proxy: proxy)
        }
        if response.status == 407, !proxy.isEmpty { throw TransportError(status: 407, proxy: proxy) }
        try begin()
        return response
    }

    private func configure(_ handle: UnsafeMutableRawPointer, headers: UnsafeMutablePointer<curl_slist>?) {
        let me = Unmanaged.passUnretained(self).toOpaque()
        moby_curl_setopt_string(handle, CURLOPT_URL, request.url.text)
        moby_curl_setopt_string(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        moby_curl_setopt_long(handle, CURLOPT_NOSIGNAL, 1)
        moby_curl_setopt_long(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        moby_curl_setopt_long(handle, CURLOPT_CONNECTTIMEOUT, 30)
        moby_curl_setopt_long(handle, CURLOPT_LOW_SPEED_LIMIT, 100)
        moby_curl_setopt_long(handle, CURLOPT_LOW_SPEED_TIME, 60)
        if let limit = request.limit {
            moby_curl_setopt_long(handle, CURLOPT_TIMEOUT_MS, max(1, Int(limit / .milliseconds(1))))
        }
        moby_curl_setopt_long(handle, CURLOPT_BUFFERSIZE, 256 << 10)
        moby_curl_setopt_list(handle, CURLOPT_HTTPHEADER, headers)
        if request.method == "HEAD" { moby_curl_setopt_long(handle, CURLOPT_NOBODY, 1) }
        if let upload {
            moby_curl_setopt_long(handle, CURLOPT_UPLOAD, 1)
            moby_curl_setopt_offset(handle, CURLOPT_INFILESIZE_LARGE, curl_off_t(upload.size))
            moby_curl_setopt_pointer(handle, CURLOPT_READDATA, me)
            moby_curl_setopt_callback(handle, CURLOPT_READFUNCTION) { CurlExchange.from($3).send($0, $1 * $2) }
            // A kept connection that turns out to be closed is replaced, and the body sent from its start.
            moby_curl_setopt_pointer(handle, CURLOPT_SEEKDATA, me)
            moby_curl_setopt_seek(handle) { CurlExchange.from($0).rewind(to: $1, origin: $2) }
        }
        moby_curl_setopt_string(handle, CURLOPT_CUSTOMREQUEST, request.method == "HEAD" ? nil : request.method)
        moby_curl_setopt_pointer(handle, CURLOPT_HEADERDATA, me)
        moby_curl_setopt_callback(handle, CURLOPT_HEADERFUNCTION) { CurlExchange.from($3).head($0, $1 * $2) }
        moby_curl_setopt_pointer(handle, CURLOPT_WRITEDATA, me)
        moby_curl_setopt_callback(handle, CURLOPT_WRITEFUNCTION) { CurlExchange.from($3).receive($0, $1 * $2) }
        moby_curl_setopt_long(handle, CURLOPT_NOPROGRESS, 0)
        moby_curl_setopt_pointer(handle, CURLOPT_XFERINFODATA, me)
        moby_curl_setopt_progress(handle) { me, _, _, _, _ in CurlExchange.from(me).isToEnd ? 1 : 0 }
    }

    private static func from(_ pointer: UnsafeMutableRawPointer?) -> CurlExchange {
        guard let pointer else { preconditionFailure("libcurl lost its user data") }
        return Unmanaged<CurlExchange>.fromOpaque(pointer).takeUnretainedValue()
    }

    /// A status line begins a new head: an interim answer (100) may come before the real one.
    private func head(_ start: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        headSize += count
        guard headSize <= Self.largestHead else {
            failure = TransportError(
                "the answer has more than \(Self.largestHead) bytes of header fields", isTransient: false)
            return 0
        }
        let bytes = UnsafeRawBufferPointer(start: start, count: count)
        let line = String(decoding: bytes, as: UTF8.self).trimmingWhitespace()
        if line.isEmpty, response.status >= 300 {
            limitBody()
            return isCut ? 0 : count
        }
        if line.hasPrefix("HTTP/") {
            let status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
            response = HTTPResponse(status: status)
            response.statusLine = line
        } else if let colon = line.firstIndex(of: ":") {
            response.headers.add(String(line[..<colon]), String(line[line.index(after: colon)...]).trimmingWhitespace())
        }
        return count
    }

    /// At the end of the header of an answer that is not a success.
    private func limitBody() {
        bodyEnd = ContinuousClock.now + Self.longestPage
        guard response.status < 400, response.headers["Location"] != nil else {
            bodyLeft = Self.largestPage
            return
        }
        let length = response.headers["Content-Length"].flatMap { Int($0) } ?? .max
        bodyLeft = length <= Self.largestRedirect ? length : 0
        // HEAD has a length and no body.
        isCut = length > Self.largestRedirect && request.method != "HEAD"
    }

    private var isToEnd: Bool {
        if let bodyEnd, bodyEnd < .now { isCut = true }
        return isCut || cancelled.withLock { $0 }
    }

    private func begin() throws {
        guard !begun else { return }
        begun = true
        try sink.begin(response)
    }

    private func receive(_ start: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        do {
            try begin()
            let wanted = min(count, bodyLeft ?? count)
            try sink.receive(UnsafeRawBufferPointer(start: start, count: wanted))
            bodyLeft = bodyLeft.map { $0 - wanted }
            isCut = wanted < count
            return wanted
        } catch {
            failure = error
            return 0
        }
    }

    private func rewind(to offset: curl_off_t, origin: Int32) -> Int32 {
        guard origin == SEEK_SET, offset >= 0, let upload, upload.seek(to: UInt64(offset)) else {
            return CURL_SEEKFUNC_FAIL
        }
        return CURL_SEEKFUNC_OK
    }

    private func send(_ start: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        do {
            let taken = try upload?.read(into: UnsafeMutableRawBufferPointer(start: start, count: count)) ?? 0
            request.sent?(taken)
            return taken
        } catch {
            failure = error
            return Int(CURL_READFUNC_ABORT)
        }
    }
}
