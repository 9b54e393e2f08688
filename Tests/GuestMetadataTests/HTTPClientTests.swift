import Foundation
import GuestSystem
import TestSupport
import Testing

@testable import GuestMetadata

/// Addresses and requests.
struct HTTPClientTests {
    @Test(arguments: [
        ("169.254.169.254", true), ("fd00:ec2::254", true), ("::1", true), ("metadata", false), ("1.2.3", false),
        ("", false),
    ])
    func readsAddresses(text: String, isAddress: Bool) { #expect((NetworkAddress(text) != nil) == isAddress) }

    @Test(arguments: [
        ("http://10.0.2.2/", "/", 80), ("http://10.0.2.2:8000/a/b/", "/a/b/", 8000),
        ("http://[fd00::1]:81/x", "/x", 81),
        ("http://10.0.2.2", "/", 80),
    ])
    func readsBases(url: String, path: String, port: UInt16) throws {
        let base = try #require(HTTPBase(url))
        #expect(base.path == path && base.client.port == port)
    }

    @Test(arguments: [
        "https://10.0.2.2/", "http://seed.example/", "http://", "http://10.0.2.2:x/", "http://10.0.2.2/a b", "10.0.2.2",
    ])
    func refusesOtherBases(url: String) { #expect(HTTPBase(url) == nil) }

    /// The address that answers is used from then on; one that refuses costs nothing.
    @Test func theFirstAddressThatAnswersIsUsed() throws {
        let scripted = try ScriptedServer { _ in .init(text: "x") }
        let port = try #require(scripted.host.split(separator: ":").last.flatMap { UInt16($0) })
        let client = HTTPClient(addresses: NetworkAddress.list("::1", "127.0.0.1"), port: port)
        let server = MetadataServer(client, until: ProviderDeadline(milliseconds: 60_000))
        #expect(try server.text("/a") == "x")
        #expect(try server.text("/b") == "x")
        #expect(scripted.requests.map { $0.headers["host"] } == ["127.0.0.1:\(port)", "127.0.0.1:\(port)"])
    }

    @Test func withRoutesForIPv4OnlyItsAddressesAreAsked() async throws {
        let client = HTTPClient(addresses: NetworkAddress.list("169.254.169.254", "fd00:ec2::254"))
        try await withTemporaryDirectory { folder in
            for (text, count) in [("Iface Destination\n", 2), ("Iface Destination\neth0 00000000 0202000A\n", 1)] {
                try text.write(toFile: folder + "/route", atomically: true, encoding: .utf8)
                #expect(client.routed(routes: folder + "/route").addresses.count == count)
            }
        }
        #expect(client.routed(routes: "/nonexistent").addresses.count == 2)
    }

    @Test func noAddressIsAnError() {
        let server = MetadataServer(HTTPClient(addresses: []), until: ProviderDeadline(milliseconds: 1000))
        #expect(throws: MetadataError.self) { try server.text("/") }
    }

    /// Answers renew the time, but not for ever.
    @Test func aDeadlineHasAnEnd() {
        let deadline = ProviderDeadline(milliseconds: 20)
        var rounds = 0
        while !deadline.hasPassed, rounds < 10_000 {
            deadline.renew()
            usleep(1000)
            rounds += 1
        }
        #expect(rounds < 10_000)
    }
}
