import Foundation
import TestSupport
import Testing

@testable import GuestMetadata

/// Google's metadata server, as its documentation describes it.
struct GoogleTests {
    private static func probe(_ values: [String: String], milliseconds: Int64 = 2000, flavor: String = "Google") throws
        -> (
            ProviderResult, [ScriptedServer.Request]
        )
    {
        let server = try ScriptedServer { request in
            guard request.headers["metadata-flavor"] == "Google", request.headers["host"] == "metadata.google.internal"
            else {
                return .init(403, text: "")
            }
            guard let value = values[request.target.replacing("/computeMetadata/v1/", with: "", maxReplacements: 1)]
            else {
                return .init(404, headers: ["Metadata-Flavor": flavor], text: "<html>not found</html>")
            }
            return .init(headers: ["Metadata-Flavor": flavor], text: value)
        }
        return (try google(server.host, milliseconds).probe(), server.requests)
    }

    private static func google(_ host: String, _ milliseconds: Int64) throws -> GoogleMetadata {
        GoogleMetadata(server: try MetadataServer.scripted(host, like: GoogleMetadata.client, milliseconds))
    }

    @Test func findsAllValues() throws {
        let (answer, requests) = try Self.probe([
            "instance/hostname": "web1.c.p.internal",
            "instance/attributes/ssh-keys": "me:ssh-rsa AAAA me\nyou:ssh-rsa BBBB",
            "project/attributes/ssh-keys": "all:ssh-rsa CCCC all\nme:ssh-rsa AAAA me",
            "instance/attributes/user-data": "{}",
        ])
        #expect(
            answer
                == .found(
                    Finding(
                        provider: "GCP", origin: "GCP", hostname: "web1.c.p.internal",
                        keys: ["ssh-rsa AAAA me", "ssh-rsa BBBB", "ssh-rsa CCCC all"],
                        userData: Array("{}".utf8))))
        #expect(requests.allSatisfy { $0.method == "GET" })
    }

    @Test func userDataOf2017AndBlockedProjectKeys() throws {
        let (answer, _) = try Self.probe([
            "instance/hostname": "h", "instance/attributes/userdata": "old",
            "instance/attributes/block-project-ssh-keys": "TRUE",
            "instance/attributes/ssh-keys": "a:ssh-rsa AAAA", "project/attributes/ssh-keys": "b:ssh-rsa BBBB",
        ])
        #expect(
            answer
                == .found(
                    Finding(
                        provider: "GCP", origin: "GCP", hostname: "h", keys: ["ssh-rsa AAAA"],
                        userData: Array("old".utf8))))
    }

    @Test func nothingButANameIsEnough() throws {
        #expect(
            try Self.probe(["instance/hostname": "h"]).0
                == .found(Finding(provider: "GCP", origin: "GCP", hostname: "h")))
    }

    @Test func otherServersAtTheAddressAreNotGoogles() throws {
        #expect(try Self.probe(["instance/hostname": "h"], flavor: "None").0 == .absent("not Google's metadata server"))
    }

    @Test func nobodyThereIsToldAtOnce() throws {
        let (start, port) = (ContinuousClock.now, try ScriptedServer { _ in .init() }.host)
        let answer = try Self.google(port, 100_000).probe()
        guard case .absent = answer else {
            Issue.record("\(answer)")
            return
        }
        #expect(ContinuousClock.now - start < .seconds(60))
    }

    @Test func aServerThatHangsCostsItsTime() throws {
        let server = try ScriptedServer { _ in
            var response = ScriptedServer.Response(
                headers: ["Metadata-Flavor": "Google"], body: Array("ha".utf8), length: 100)
            response.isHeld = true
            return response
        }
        let start = ContinuousClock.now
        let answer = try Self.google(server.host, 300).probe()
        #expect(answer == .absent("no answer from 127.0.0.1"))
        #expect((.milliseconds(250)...Duration.seconds(60)).contains(ContinuousClock.now - start))
    }

    /// Answers from before the server fell silent count, and the rest is an error.
    @Test func whatIsMissingIsTold() throws {
        let server = try ScriptedServer { request in
            var response = ScriptedServer.Response(headers: ["Metadata-Flavor": "Google"], text: "h")
            if !request.target.hasSuffix("hostname") { (response.length, response.isHeld) = (9, true) }
            return response
        }
        let answer = try Self.google(server.host, 4000).probe()
        guard case .found(let finding) = answer else {
            Issue.record("\(answer)")
            return
        }
        #expect(finding.hostname == "h" && finding.errors == [MetadataError("no answer from 127.0.0.1")])
    }

    @Test func aServerThatIsNotReadyIsAskedAgain() throws {
        let started = ContinuousClock.now
        let server = try ScriptedServer { request in
            let status =
                ContinuousClock.now - started < .milliseconds(300)
                ? 503 : request.target.hasSuffix("hostname") ? 200 : 404
            return .init(status, headers: ["Metadata-Flavor": "Google"], text: "h")
        }
        let answer = try Self.google(server.host, 60_000).probe()
        #expect(answer == .found(Finding(provider: "GCP", origin: "GCP", hostname: "h")))
    }

    @Test func anEndlessAnswerEnds() throws {
        let server = try ScriptedServer { _ in
            var response = ScriptedServer.Response(
                headers: ["Metadata-Flavor": "Google"], body: [UInt8](repeating: 0x61, count: 1 << 20))
            response.isEndless = true
            return response
        }
        let answer = try Self.google(server.host, 20_000).probe()
        #expect(answer == .absent("answer of 127.0.0.1 exceeds 16777216 bytes"))
    }

    @Test(arguments: [
        ("me:ssh-rsa AAAA me", ["ssh-rsa AAAA me"]),
        ("ssh-rsa AAAA a:b", ["ssh-rsa AAAA a:b"]),
        ("\n\r\n# x\nme:\n", []),
        ("me:command=\"a:b\" ssh-rsa AAAA", ["command=\"a:b\" ssh-rsa AAAA"]),
        (#"me:ssh-rsa AAAA google-ssh {"userName":"me","expireOn":"2020-01-01T00:00:00+0000"}"#, []),
        (
            #"me:ssh-rsa AAAA google-ssh {"userName":"me","expireOn":"2030-01-01T00:00:00+0000"}"#,
            [#"ssh-rsa AAAA google-ssh {"userName":"me","expireOn":"2030-01-01T00:00:00+0000"}"#]
        ),
        (#"me:ssh-rsa AAAA google-ssh {"expireOn":"tomorrow"}"#, []),
        ("me:ssh-rsa AAAA google-ssh {", []),
        (#"me:ssh-rsa AAAA google-ssh {"userName":"me"}"#, [#"ssh-rsa AAAA google-ssh {"userName":"me"}"#]),
    ])
    func readsKeys(text: String, keys: [String]) { #expect(GoogleKeys.lines(text, now: "2025-06-01T12:00:00") == keys) }

    @Test(arguments: [(0, "1970-01-01T00:00:00"), (1_767_225_599, "2025-12-31T23:59:59")])
    func writesTimes(seconds: Int64, text: String) { #expect(UTCTime.text(of: seconds) == text) }
}
