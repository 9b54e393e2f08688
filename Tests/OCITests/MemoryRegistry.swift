import Extents
import HTTP
import JSON
import OCI
import Synchronization
import TestSupport

/// A registry in memory, with what Debian's `docker-registry` lacks: the list of referrers (distribution-spec 1.1).
final class MemoryRegistry: Sendable {
    private struct Contents {
        var blobs: [String: [String: [UInt8]]] = [:]
        var manifests: [String: [String: (type: String, bytes: [UInt8])]] = [:]
    }

    let server: ScriptedServer
    private let contents: Mutex<Contents>

    var host: String { server.host }
    /// Method and target of each request.
    var requests: [String] { server.requests.map { "\($0.method) \($0.target)" } }

    /// - Parameters:
    ///   - listsReferrers: whether it answers for them.
    ///   - mounts: status of the answer to a mount.
    init(listsReferrers: Bool = true, mounts: Int = 201) throws {
        let contents = Mutex(Contents())
        server = try ScriptedServer { _ in .init(500, text: "") }
        self.contents = contents
        server.answer { [weak self] in self?.answer($0, listsReferrers, mounts) ?? .init(500, text: "") }
    }

    private func answer(_ request: ScriptedServer.Request, _ listsReferrers: Bool, _ mounts: Int)
        -> ScriptedServer.Response
    {
        let parts = request.target.split(separator: "?", maxSplits: 1).map(String.init)
        let words = parts[0].split(separator: "/").dropFirst().map(String.init)
        guard let kind = words.lastIndex(where: { ["blobs", "manifests", "referrers"].contains($0) }) else {
            return .init(200, text: "{}")
        }
        let (repository, rest) = (words[..<kind].joined(separator: "/"), words[(kind + 1)...].joined(separator: "/"))
        let missing = ScriptedServer.Response(404, text: #"{"errors":[{"code":"UNKNOWN"}]}"#)
        return contents.withLock { contents in
            switch (request.method, words[kind]) {
            case ("GET", "blobs"), ("HEAD", "blobs"):
                return contents.blobs[repository]?[rest].map { .init(200, body: $0) } ?? missing
            case ("POST", "blobs"):
                let fields = Self.fields(parts.count > 1 ? parts[1] : "")
                guard let digest = fields["mount"] else { break }
                guard mounts == 201, let bytes = contents.blobs[fields["from"] ?? ""]?[digest] else {
                    return mounts == 201 ? Self.upload(repository) : .init(mounts, text: "{}")
                }
                contents.blobs[repository, default: [:]][digest] = bytes
                return .init(201, headers: ["Location": "/v2/\(repository)/blobs/\(digest)"], text: "")
            case ("PUT", "blobs"):
                let digest = Self.fields(parts.count > 1 ? parts[1] : "")["digest"] ?? ""
                contents.blobs[repository, default: [:]][digest] = request.body
                return .init(201, text: "")
            case ("PUT", "manifests"):
                let digest = "\(Digest(sha256: SHA256.hash(request.body)))"
                let entry = (request.headers["content-type"] ?? "", request.body)
                for name in [digest, rest] { contents.manifests[repository, default: [:]][name] = entry }
                let subject = try? JSONValue(parsing: request.body)["subject"]?["digest"]?.string
                let answer = listsReferrers ? subject.map { ["OCI-Subject": $0] } : nil
                return .init(201, headers: answer ?? [:], text: "")
            case ("GET", "manifests"):
                guard let found = contents.manifests[repository]?[rest] else { return missing }
                return .init(200, headers: ["Content-Type": found.type], body: found.bytes)
            case ("GET", "referrers") where listsReferrers:
                return Self.referrers(of: rest, contents.manifests[repository] ?? [:])
            default: return missing
            }
            return Self.upload(repository)
        }
    }

    private static func upload(_ repository: String) -> ScriptedServer.Response {
        .init(202, headers: ["Location": "/v2/\(repository)/blobs/uploads/1"], text: "")
    }

    private static func referrers(of subject: String, _ manifests: [String: (type: String, bytes: [UInt8])])
        -> ScriptedServer.Response
    {
        let found = manifests.filter { $0.key.hasPrefix("sha256:") }.sorted { $0.key < $1.key }.filter {
            (try? JSONValue(parsing: $0.value.bytes)["subject"]?["digest"]?.string) == subject
        }
        let list = found.map { digest, manifest in
            JSONValue.object([
                ("mediaType", .string(manifest.type)), ("digest", .string(digest)),
                ("size", .integer(manifest.bytes.count)),
            ])
        }
        let index = JSONValue.object([
            ("schemaVersion", .integer(2)), ("mediaType", .string(MediaType.index)), ("manifests", .array(list)),
        ])
        return .init(200, headers: ["Content-Type": MediaType.index], text: index.text(indent: 0))
    }

    private static func fields(_ query: String) -> [String: String] {
        var fields: [String: String] = [:]
        for field in query.split(separator: "&") {
            let parts = field.split(separator: "=", maxSplits: 1).map(String.init)
            fields[parts[0]] = parts.count > 1 ? parts[1].replacing("%3A", with: ":").replacing("%2F", with: "/") : ""
        }
        return fields
    }
}
