internal import Foundation
public import GCP
internal import Glibc
public import Synchronization

/// Google's APIs in this process: keeps buckets, objects, images and machines, checks each request against the
/// published rules, and has mishaps on demand.
public final class ScriptedGoogle: Sendable {
    public struct State {
        public var buckets: Set<String> = ["images"]
        /// `BUCKET/OBJECT`.
        public var objects: [String: [UInt8]] = [:]
        var uploads: [String: (object: String, bytes: [UInt8], total: Int)] = [:]
        public var images: [String: [String: Any]] = [:]
        public var instances: [String: [String: Any]] = [:]
        public var serial = Array("Linux version 6.12\nmoby: ready\n".utf8)
        /// Plays the machines; nil says ``serial`` and powers off.
        public var player: Player?
        /// Objects are files here, as ``FakeStorage`` has them; nil keeps them in ``objects``.
        public var folder: String?
        /// The value `ssh-keys` of the project's metadata.
        public var projectKeys: String?
        /// What the account may not do.
        public var forbidden: Set<String> = []
        /// Requests that broke a rule.
        public var problems: [String] = []
        /// Pieces of `METHOD PATH` and what is answered to requests that hold them.
        var failures: [(piece: String, answer: ScriptedServer.Response)] = []
        /// Operations of these kinds of things end with an error.
        public var failing: [String: String] = [:]
        var operations: [String: String] = [:]
        var number = 0
        /// What a failing operation names as its reason.
        public var failingReason = "QUOTA_EXCEEDED"
        public var failingStatus = 403
        /// What is answered to whoever logs in; nil is a token.
        var login: ScriptedServer.Response?
        /// How long the answer to bytes takes, in microseconds.
        public var slowness: UInt32 = 0
        /// When the serial port is at its end, the machine powers itself off.
        public var powersOff = true
    }

    /// Whoever plays a machine.
    public struct Player: Sendable {
        /// All that its serial port has said.
        let console: @Sendable () -> String
        let isOff: @Sendable () -> Bool

        public init(console: @escaping @Sendable () -> String, isOff: @escaping @Sendable () -> Bool) {
            (self.console, self.isOff) = (console, isOff)
        }
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
        endpoints.resourceManager = "http://\(server.host)/v1"
        endpoints.token = "http://\(server.host)/token"
        endpoints.metadata = "http://\(server.host)"
        endpoints.serialPortKeys = "http://\(server.host)/keys"
        endpoints.serialPort = "127.0.0.1:1"
        return endpoints
    }

    /// What makes `moby` talk to this server: variables of its environment. Storage counts as emulated, and no token is
    /// asked for.
    public func environment(storage: String? = nil) -> [String: String] {
        [
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE": "\(storage ?? endpoints.storage)/storage/v1/",
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE": "\(endpoints.compute)/",
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDRESOURCEMANAGER": "http://\(server.host)/",
            "CLOUDSDK_AUTH_TOKEN_HOST": endpoints.token,
            "GCE_METADATA_HOST": server.host, "MOBY_GCP_SERIAL_KEYS": endpoints.serialPortKeys,
            "GOOGLE_APPLICATION_CREDENTIALS": "", "CLOUDSDK_CONFIG": "/nonexistent",
        ]
    }

    /// Address and port that it listens on.
    public var host: String { server.host }

    /// The port that it listens on.
    public var port: UInt16 { server.host.split(separator: ":").last.flatMap { UInt16($0) } ?? 0 }

    /// `METHOD PATH` of all requests, without queries, except for questions.
    public var changes: [String] {
        server.requests.filter {
            $0.method != "GET" && $0.target != "/token" && !$0.target.hasSuffix(":testIamPermissions")
        }
        .map { "\($0.method) \($0.target.split(separator: "?")[0])" }
    }

    public var requests: [ScriptedServer.Request] { server.requests }

    public func fail(_ piece: String, _ status: Int, _ reason: String, _ message: String) {
        let text = #"{"error":{"code":\#(status),"message":"\#(message)","errors":[{"reason":"\#(reason)"}]}}"#
        state.withLock { $0.failures.append((piece, .init(status, text: text))) }
    }

    /// Who logs in is turned away, in the words of RFC 6749.
    public func refuseLogins(_ reason: String, _ message: String) {
        state.withLock { $0.login = .init(400, text: #"{"error":"\#(reason)","error_description":"\#(message)"}"#) }
    }

    /// Requests that hold a piece get half an answer, and then nothing.
    public func hold(_ piece: String) {
        var answer = ScriptedServer.Response(200, text: "{")
        (answer.length, answer.isHeld) = (100, true)
        state.withLock { [answer] in $0.failures.append((piece, answer)) }
    }

    private func answer(_ request: ScriptedServer.Request) -> ScriptedServer.Response {
        let parts = request.target.split(separator: "?", maxSplits: 1)
        let path = String(parts[0])
        let query = URLComponents(string: "http://x/?" + (parts.count > 1 ? String(parts[1]) : ""))?.queryItems ?? []
        let values = Dictionary(query.map { ($0.name, $0.value ?? "") }) { first, _ in first }
        if path.hasPrefix("/computeMetadata/") { return state.withLock { metadata(request, path, &$0) } }
        if path.hasPrefix("/keys/") { return .init(text: "ssh-rsa AAAAB3NzaC1yc2E=\n") }
        if path == "/token" {
            return state.withLock { $0.login } ?? .init(text: #"{"access_token":"ya29.user","expires_in":300}"#)
        }
        if path.hasPrefix("/session/") { usleep(state.withLock { $0.slowness }) }
        return state.withLock { state in
            if let failure = state.failures.first(where: { "\(request.method) \(path)".contains($0.piece) }) {
                return failure.answer
            }
            if path.hasSuffix(":testIamPermissions") { return permissions(request, &state) }
            return path.hasPrefix("/compute/v1/")
                ? compute(request, path, values, &state) : storage(request, path, values, &state)
        }
    }
}

extension ScriptedGoogle {
    /// Resource Manager: those that are asked for and not forbidden.
    private func permissions(_ request: ScriptedServer.Request, _ state: inout State) -> ScriptedServer.Response {
        guard let asked = object(request)["permissions"] as? [String], asked.allSatisfy({ $0.hasPrefix("compute.") }),
            Set(asked).count == asked.count, request.target == "/v1/projects/infoslack-1337:testIamPermissions"
        else { return complain("permissions", &state) }
        let allowed = asked.filter { !state.forbidden.contains($0) }
        return allowed.isEmpty ? .json([String: String]()) : .json(["permissions": allowed])
    }

    /// What the metadata server says to a machine, with what `instances.insert` gave it, and to this host: a token.
    private func metadata(_ request: ScriptedServer.Request, _ path: String, _ state: inout State)
        -> ScriptedServer.Response
    {
        guard request.headers["metadata-flavor"] == "Google" else {
            return .init(403, text: "Missing Metadata-Flavor:Google header.")
        }
        let name = path.dropFirst("/computeMetadata/v1/".count)
        if name.hasPrefix("instance/service-accounts/") {
            return .init(text: #"{"access_token":"ya29.machine","expires_in":300}"#)
        }
        let (machine, flavor) = (state.instances.first, ["Metadata-Flavor": "Google"])
        if name == "instance/hostname", let machine {
            return .init(headers: flavor, text: "\(machine.key).europe-west1-d.c.infoslack-1337.internal")
        }
        if name == "project/attributes/ssh-keys", let keys = state.projectKeys {
            return .init(headers: flavor, text: keys)
        }
        let items = (machine?.value["metadata"] as? [String: Any])?["items"] as? [[String: String]] ?? []
        guard let item = items.first(where: { name == "instance/attributes/\($0["key"] ?? "")" }) else {
            return .init(404, headers: flavor, text: "")
        }
        return .init(headers: flavor, text: item["value"] ?? "")
    }
}

extension ScriptedServer.Response {
    static func json(_ value: Any, _ status: Int = 200, headers: [String: String] = [:]) -> Self {
        let data = (try? JSONSerialization.data(withJSONObject: value)) ?? Data()
        return .init(status, headers: headers, body: Array(data))
    }

    static func error(_ status: Int, _ reason: String, _ message: String) -> Self {
        .json(
            ["error": ["code": status, "message": message, "errors": [["reason": reason, "message": message]]]], status)
    }
}
