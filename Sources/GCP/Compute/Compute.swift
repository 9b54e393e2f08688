internal import FoundationEssentials
internal import HTTP

/// Compute Engine, API v1: images and machines of one project.
public struct Compute: Sendable {
    let client: GoogleClient
    public let calls: Calls

    public init(_ client: GoogleClient, project: String, zone: String) {
        self.client = client
        calls = Calls(client.endpoints, project: project, zone: zone)
    }

    /// The facts of an image; nil when there is none.
    public func image(_ name: String) async throws -> ImageFacts? { try await client.find(calls.image(name), as: ImageFacts.self) }

    /// The facts of a machine; nil when there is none.
    public func instance(_ name: String) async throws -> InstanceFacts? {
        try await client.find(calls.instance(name), as: InstanceFacts.self)
    }

    /// Begins a change. It carries a fresh `requestId`: a request that is sent twice is done once.
    public func begin(_ call: APICall) async throws -> Operation {
        let unique = APICall(call.api, call.title, call.method, "\(call.url)?requestId=\(UUID().uuidString.lowercased())", text: call.body)
        return try await client.send(unique, as: Operation.self)
    }

    /// What a machine has written to its first serial port from a position on.
    public func serialOutput(_ instance: String, from position: Int64) async throws -> SerialOutput {
        try await client.send(calls.serialOutput(instance, from: position), as: SerialOutput.self)
    }
}
