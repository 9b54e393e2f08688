import GuestSystem
import TestSupport
import Testing

@testable import GuestMetadata

extension MetadataServer {
    /// A server of a test with the header fields of a real one.
    /// - Parameter host: of a ``ScriptedServer``.
    static func scripted(_ host: String, like client: HTTPClient, _ milliseconds: Milliseconds = 20_000) throws
        -> MetadataServer
    {
        var client = client
        client.port = try #require(host.split(separator: ":").last.flatMap { UInt16($0) })
        client.addresses = NetworkAddress.list("127.0.0.1")
        return MetadataServer(client, until: ProviderDeadline(milliseconds: milliseconds))
    }
}

/// A server that has values at paths and answers 404 to the rest, when requests carry what they must.
struct ScriptedMetadata {
    let server: ScriptedServer

    init(_ values: [String: String], requiring field: (name: String, value: String)? = nil) throws {
        server = try ScriptedServer { request in
            if let field, request.headers[field.name] != field.value { return .init(403, text: "") }
            guard request.method == "GET", let value = values[request.target] else { return .init(404, text: "") }
            return .init(text: value)
        }
    }

    func probe(like client: HTTPClient, _ probe: (MetadataServer) -> ProviderResult) throws -> ProviderResult {
        probe(try MetadataServer.scripted(server.host, like: client))
    }
}

extension ProviderResult {
    var finding: Finding? {
        guard case .found(let finding) = self else { return nil }
        return finding
    }
}

extension Finding {
    /// The text of a fact without its line break.
    func fact(_ name: String) -> String? {
        facts.first { $0.name == name }.map { String(decoding: $0.bytes.dropLast(), as: UTF8.self) }
    }

    var userText: String? { userData.map { String(decoding: $0, as: UTF8.self) } }
}
