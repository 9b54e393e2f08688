import Extents
import HTTP
import TestSupport
import Testing

@testable import OCI

struct MirrorTests {
    @Test func mirrorIsTriedFirstAndTheOriginLast() async throws {
        try await withTemporaryDirectory { folder in
            let origin = try ScriptedRegistry()
            let mirror = try ScriptedRegistry()
            let sample = mirror.sample
            mirror.answer { request in
                guard request.target.hasPrefix("/v2/hub/") else { return .init(500) }
                return ScriptedRegistry.usual(.init(target: request.target.replacing("/hub/", with: "/")), sample)
            }
            let host = origin.server.host
            let mirrors = [
                "\(host)=http://127.0.0.1:1", "other.example=http://127.0.0.1:2",
                "\(host)=http://\(mirror.server.host)/v2/hub",
            ]
            let image = try await RegistryTests.provider("\(folder)/a", mirrors: mirrors).image(origin.name)
            #expect(image.name == origin.name)
            #expect(origin.server.requests.isEmpty && mirror.server.requests.count == 3)
            mirror.answer { _ in .init(404) }
            let again = try await RegistryTests.provider("\(folder)/b", mirrors: mirrors).image(origin.name)
            #expect(again.digest == image.digest && origin.server.requests.count == 3)
            origin.answer { _ in .init(404) }
            let error = await #expect(throws: ContextError.self) {
                try await RegistryTests.provider("\(folder)/c", mirrors: mirrors).image(origin.name)
            }
            let text = error?.description ?? ""
            #expect(
                text.contains("mirror http://127.0.0.1:1/v2: GET")
                    && text.contains("mirror http://\(mirror.server.host)/v2: GET"),
                "\(text)")
        }
    }
}
