import HTTP
import TestSupport

@testable import GCP

/// Makes clients for tests: no pauses, no proxies, everything on loopback.
enum Clients {
    static let retries = RetryPolicy(tries: 5, firstPause: .milliseconds(1)) { _ in }

    static func client(
        _ credential: Credential = .none, storage: String = "http://127.0.0.1:2", api: String = "http://127.0.0.1:1",
        retries: RetryPolicy = retries, time: @escaping @Sendable () -> Int64 = { 1_800_000_000 }
    ) throws -> GoogleClient {
        var endpoints = Endpoints()
        endpoints.storage = storage
        endpoints.compute = "\(api)/compute/v1"
        endpoints.token = "\(api)/token"
        endpoints.metadata = api
        return GoogleClient(
            credential, transport: try CurlTransport(environment: [:]), endpoints: endpoints, retries: retries,
            time: time)
    }
}

extension ScriptedServer.Response {
    /// An error as Google words it.
    static func error(_ status: Int, _ reason: String, _ message: String, headers: [String: String] = [:]) -> Self {
        .init(
            status, headers: headers,
            text:
                #"{"error":{"code":\#(status),"message":"\#(message)","errors":[{"reason":"\#(reason)","message":"\#(message)"}]}}"#
        )
    }
}
