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

    @Test func errorsNameTheURLWithoutItsQuery() throws {
        let server = try ScriptedServer { $0.target.hasPrefix("/bad.yml") ? .init(text: "kernl: x\n") : .init(404) }
        let bad = try Program.run(["lint", "http://\(server.host)/bad.yml?key=secret"])
        #expect(bad.status == 2)
        #expect(bad.error.contains("http://\(server.host)/bad.yml:1:1: error:"), "\(bad.error)")
        #expect(!bad.error.contains("secret"))
        let none = try Program.run(["lint", "http://\(server.host)/none.yml"])
        #expect(none.status == 1)
        #expect(none.error.contains("/none.yml answered with status 404"), "\(none.error)")
    }

    @Test(arguments: [
        (204, "", "answered with status 204 and no bytes\n  hint: expected a spec file at that URL"),
        (407, "", "answered with status 407\n  hint: expected a spec file at that URL"),
    ])
    func otherThanAFile(status: Int, body: String, said: String) throws {
        let server = try ScriptedServer { _ in .init(status, text: body) }
        let ended = try Program.run(["lint", "http://\(server.host)/a.yml"])
        #expect(ended.status == 1)
        #expect(ended.error.contains("error: http://\(server.host)/a.yml \(said)"), "\(ended.error)")
    }

    @Test func wrongSchemeAndClosedPortAreHinted() throws {
        let server = try ScriptedServer { _ in .hangUp }
        // What a server does that is greeted by TLS and does not know it.
        let deaf = try CuttingProxy(cutting: Array(repeating: 1, count: 10))
        deaf.forward(to: try #require(UInt16(server.host.split(separator: ":").last ?? "")))
        let plain = try Program.run(["lint", "https://u:hunter22@\(deaf.host)/a.yml"])
        #expect(
            plain.error.contains("hint: if the server speaks plain HTTP, write http:// instead of https://"),
            "\(plain.error)")
        let tls = try Program.run(["lint", "http://u:hunter22@\(server.host)/a.yml"])
        #expect(tls.error.contains("hint: if the server speaks TLS, write https:// instead of http://"), "\(tls.error)")
        let closed = try Program.run(["lint", "http://u:hunter22@127.0.0.1:1/a.yml"])
        #expect(
            closed.error.contains("http://127.0.0.1:1/a.yml: connection refused\n  hint: nothing listens on port 1"),
            "\(closed.error)")
        let bad = try Program.run(["lint", "https://u:hunter22@bad host/a.yml"])
        #expect(!(plain.error + tls.error + closed.error + bad.error).contains("hunter22"), "\(bad.error)")
    }

    @Test func redirectionsEnd() throws {
        let server = try ScriptedServer { _ in .init(302, headers: ["Location": "/round.yml"]) }
        let ended = try Program.run(["lint", "http://\(server.host)/round.yml"])
        #expect(ended.status == 1)
        #expect(ended.error.contains("more than 10 redirects"), "\(ended.error)")
        #expect(server.requests.count == 11)
    }
}
