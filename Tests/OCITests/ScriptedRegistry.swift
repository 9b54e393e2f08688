import HTTP
import OCI
import TestSupport

/// The least of a registry: one repository with one image, on a scripted server whose answers a test can replace.
struct ScriptedRegistry {
    let server: ScriptedServer
    let sample: SampleImage

    var name: String { "\(server.host)/acme/web:1" }
    var layer: Image.Layer { sample.layers[0] }

    /// - Parameter special: what is answered instead; nil for the usual.
    init(_ special: @escaping @Sendable (ScriptedServer.Request) -> ScriptedServer.Response? = { _ in nil }) throws {
        // Bytes that do not compress, so that a cut is a cut.
        var state: UInt32 = 1
        let text = String(
            decoding: (0..<200_000).map { _ -> UInt8 in
                state = state &* 1_664_525 &+ 1_013_904_223
                return 33 + UInt8(state >> 24) % 90
            }, as: UTF8.self)
        let sample = try SampleImage(layers: [SampleTar.tar(["etc/noise": text])])
        self.sample = sample
        server = try ScriptedServer { request in special(request) ?? Self.usual(request, sample) }
    }

    func answer(_ special: @escaping @Sendable (ScriptedServer.Request) -> ScriptedServer.Response?) {
        server.answer { [sample] request in special(request) ?? Self.usual(request, sample) }
    }

    static func usual(_ request: ScriptedServer.Request, _ sample: SampleImage) -> ScriptedServer.Response {
        let last = request.target.split(separator: "/").last.map(String.init) ?? ""
        if request.target.hasPrefix("/v2/acme/web/manifests/"),
            last == "1" || last == sample.descriptor.digest.description
        {
            return .init(
                200, headers: ["Content-Type": sample.descriptor.mediaType],
                body: sample.blobs[sample.descriptor.digest] ?? [])
        }
        guard request.target.hasPrefix("/v2/acme/web/blobs/"), let bytes = Digest(last).flatMap({ sample.blobs[$0] })
        else {
            return .init(404, text: #"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#)
        }
        return .init(200, body: bytes)
    }

    func isLayer(_ request: ScriptedServer.Request) -> Bool { request.target.hasSuffix("/blobs/\(layer.digest)") }

    /// Requests for a path that ends so.
    func requests(ending end: String) -> [ScriptedServer.Request] {
        server.requests.filter { $0.target.hasSuffix(end) }
    }
}
