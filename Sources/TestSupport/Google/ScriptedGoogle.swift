internal import Foundation
public import GCP
public import Synchronization

/// Google's APIs in this process: keeps buckets, objects, images and machines, checks each request against the published rules, and has
/// mishaps when told.
public final class ScriptedGoogle: Sendable {
    public struct State {
        public var buckets: Set<String> = ["images"]
        /// `BUCKET/OBJECT`.
        public var objects: [String: [UInt8]] = [:]
        var uploads: [String: (object: String, bytes: [UInt8], total: Int)] = [:]
        public var images: [String: [String: Any]] = [:]
        public var instances: [String: [String: Any]] = [:]
        public var serial = Array("Linux version 6.12\nmoby: ready\n".utf8)
        /// Requests that broke a rule.
        public var faults: [String] = []
        /// Pieces of `METHOD PATH` and what is answered to requests that hold them.
        var mishaps: [(piece: String, answer: ScriptedServer.Response)] = []
        /// Operations of these kinds of things end with an error.
        public var failing: [String: String] = [:]
        var operations: [String: String] = [:]
        var number = 0
        /// When the serial port is at its end, the machine powers itself off.
        public var powersOff = true
    }

    public let state = Mutex(State())
    private let server: ScriptedServer

    public init() throws {
        server = try ScriptedServer { _ in .init(500) }
        server.answer { [weak self] request in self?.answer(request) ?? .init(500) }
    }

    public var endpoints: Endpoints {
        var endpoints = Endpoints()
        endpoints.storage = "http://\(server.host)"
        endpoints.compute = "http://\(server.host)/compute/v1"
        endpoints.token = "http://\(server.host)/token"
        endpoints.metadata = "http://\(server.host)"
        endpoints.serialPortKeys = "http://\(server.host)/keys"
        endpoints.serialPort = "127.0.0.1:1"
        return endpoints
    }

    /// What makes `moby` talk to this server: variables of its environment. Storage counts as emulated, and no token is asked for.
    public func environment(storage: String? = nil) -> [String: String] {
        [
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE": "\(storage ?? endpoints.storage)/storage/v1/",
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE": "\(endpoints.compute)/", "CLOUDSDK_AUTH_TOKEN_HOST": endpoints.token,
            "GCE_METADATA_HOST": server.host, "MOBY_GCP_SERIAL_KEYS": endpoints.serialPortKeys,
            "GOOGLE_APPLICATION_CREDENTIALS": "", "CLOUDSDK_CONFIG": "/nonexistent",
        ]
    }

    /// The port that it listens on.
    public var port: UInt16 { server.host.split(separator: ":").last.flatMap { UInt16($0) } ?? 0 }

    /// `METHOD PATH` of all requests, without queries, except for questions.
    public var changes: [String] {
        server.requests.filter { $0.method != "GET" && $0.target != "/token" }
            .map { "\($0.method) \($0.target.split(separator: "?")[0])" }
    }

    public var requests: [ScriptedServer.Request] { server.requests }

    public func mishap(_ piece: String, _ status: Int, _ reason: String, _ message: String) {
        let text = #"{"error":{"code":\#(status),"message":"\#(message)","errors":[{"reason":"\#(reason)"}]}}"#
        state.withLock { $0.mishaps.append((piece, .init(status, text: text))) }
    }

    private func answer(_ request: ScriptedServer.Request) -> ScriptedServer.Response {
        let parts = request.target.split(separator: "?", maxSplits: 1)
        let path = String(parts[0])
        let query = URLComponents(string: "http://x/?" + (parts.count > 1 ? String(parts[1]) : ""))?.queryItems ?? []
        let values = Dictionary(query.map { ($0.name, $0.value ?? "") }) { first, _ in first }
        if path.hasPrefix("/computeMetadata/") { return .init(text: #"{"access_token":"ya29.machine","expires_in":300}"#) }
        if path.hasPrefix("/keys/") { return .init(text: "ssh-rsa AAAAB3NzaC1yc2E=\n") }
        return state.withLock { state in
            if let mishap = state.mishaps.first(where: { "\(request.method) \(path)".contains($0.piece) }) { return mishap.answer }
            return path.hasPrefix("/compute/v1/")
                ? compute(request, path, values, &state) : storage(request, path, values, &state)
        }
    }
}

extension ScriptedServer.Response {
    static func json(_ value: Any, _ status: Int = 200, headers: [String: String] = [:]) -> Self {
        let data = (try? JSONSerialization.data(withJSONObject: value)) ?? Data()
        return .init(status, headers: headers, body: Array(data))
    }

    static func fault(_ status: Int, _ reason: String, _ message: String) -> Self {
        .json(["error": ["code": status, "message": message, "errors": [["reason": reason, "message": message]]]], status)
    }
}
