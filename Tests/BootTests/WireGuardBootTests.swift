import Foundation
import MobyRun
import TestSupport
import Testing

/// Two machines of one image, each with a key of its own, joined by WireGuard over a port of the first.
@Suite(.bootedAgain, .enabled(if: ImageBootTests.bootsAll)) struct WireGuardBootTests {
    /// User data for one end.
    private static func data(_ address: String, key: String, peer: String, more: String) throws -> String {
        let configuration = """
            [Interface]
            ListenPort = 51820
            PrivateKey = \(key)
            [Peer]
            PublicKey = \(peer)
            \(more)

            """
        let entries = [
            "address": ["content": "\(address)/24"], "wg0.conf": ["content": configuration, "perm": "0600"],
        ]
        let json = try JSONSerialization.data(withJSONObject: ["wireguard": ["entries": entries]])
        return String(decoding: json, as: UTF8.self)
    }

    @Test(.timeLimit(.minutes(8))) func twoMachinesAreJoined() async throws {
        try await withTemporaryDirectory { folder in
            try Program.moby(["build", "--dir", folder, "examples/wireguard.yml"])
            let port = try GuestMachine.freePort()
            func start(_ name: String, ports: [String], _ data: String) throws -> BootedMachine {
                let machine = try GuestMachine.boot(until: "services running", within: .seconds(240)) {
                    try GuestMachine.boot("\(folder)/wireguard", cpus: 1, memory: 384, ports: ports) {
                        $0.accelerator = .fixed(.tcg)
                        $0.data = .text(data)
                        $0.state = "\(folder)/\(name)"
                    }
                }
                return BootedMachine(machine: machine)
            }
            let gateway = try start(
                "gateway", ports: ["\(port):51820/udp", "\(port):80"],
                Self.data(
                    "10.9.0.1", key: "ODisPKd4CjjG7g9yiweaX6I9FvBJU5ZRtk31uPpKaEo=",
                    peer: "ttmU1hbsvMawUOSgAQsDeNBk/PzRWO8a8wJSGtTCSE8=", more: "AllowedIPs = 10.9.0.2/32"))
            let client = try start(
                "client", ports: [],
                Self.data(
                    "10.9.0.2", key: "YHtikPkwds8jqiCZN69o6LSVC8ZWAjTRHZaaMNNRyVI=",
                    peer: "PHB34ZcNbLmwqhpYsIThMUK+osYaqh8AkSYvEgMDeS8=",
                    more: "AllowedIPs = 10.9.0.1/32\nEndpoint = 10.0.2.2:\(port)\nPersistentKeepalive = 5"))
            let ping = try client.shell("ping -c 3 -w 60 10.9.0.1", mark: 11, within: .seconds(90))
            #expect(ping.contains("bytes from 10.9.0.1"), "\(ping)")
            #expect(try client.shell("wget -qO- http://10.9.0.1/", mark: 12).contains("Welcome to nginx"))
            // The other way round, to where the client's packets come from.
            #expect(try gateway.shell("wget -qO- http://10.9.0.2/", mark: 13).contains("Welcome to nginx"))
            // The port of the web server is published, but only the tunnel leads to it.
            let around = try client.shell("timeout 5 wget -qO- http://10.0.2.2:\(port)/; echo ended $?", mark: 14)
            #expect(around.contains(#/ended [1-9]/#) && !around.contains("Welcome"), "\(around)")
            for machine in [gateway.machine, client.machine] {
                machine.pressPowerButton()
                #expect(try machine.waitForEnd(within: .seconds(60)) == 0)
            }
        }
    }
}
