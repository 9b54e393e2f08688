import TestSupport
import Testing

/// Spec files that are named by their URLs.
struct SpecURLTests {
    private static let spec = "kernel:\n  image: acme/kernel:1\n  cmdline: console=ttyS0\n"

    @Test func isFetchedAndMergedWithOthers() throws {
        let server = try ScriptedServer { request in
            switch request.target {
            case "/web.yml?key=secret": .init(302, headers: ["Location": "/files/web.yml"])
            case "/files/web.yml": .init(text: Self.spec)
            default: .init(404)
            }
        }
        let ended = try Program.run(
            ["build", "--dry-run", "http://\(server.host)/web.yml?key=secret", "-"], input: "init: [acme/init:1]\n")
        #expect(ended.status == 0, "\(ended.error)")
        #expect(ended.output.contains("docker.io/acme/kernel:1"))
        #expect(ended.output.contains("docker.io/acme/init:1"))
    }

    @Test func faultsNameTheURLWithoutItsQuery() throws {
        let server = try ScriptedServer { $0.target.hasPrefix("/bad.yml") ? .init(text: "kernl: x\n") : .init(404) }
        let bad = try Program.run(["lint", "http://\(server.host)/bad.yml?key=secret"])
        #expect(bad.status == 2)
        #expect(bad.error.contains("http://\(server.host)/bad.yml:1:1: error:"), "\(bad.error)")
        #expect(!bad.error.contains("secret"))
        let none = try Program.run(["lint", "http://\(server.host)/none.yml"])
        #expect(none.status == 1)
        #expect(none.error.contains("/none.yml answered with status 404"), "\(none.error)")
    }

    @Test func redirectionsEnd() throws {
        let server = try ScriptedServer { _ in .init(302, headers: ["Location": "/round.yml"]) }
        let ended = try Program.run(["lint", "http://\(server.host)/round.yml"])
        #expect(ended.status == 1)
        #expect(ended.error.contains("more than 10 times"), "\(ended.error)")
        #expect(server.requests.count == 11)
    }
}
