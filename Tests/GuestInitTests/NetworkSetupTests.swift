import Testing

@testable import GuestInit

struct NetworkAddressTests {
    @Test(
        arguments: [
            ("10.0.0.2/24", [10, 0, 0, 2], 24, [10, 0, 0, 255]), ("10.1.2.3/31", [10, 1, 2, 3], 31, nil),
            ("172.16.5.4/12", [172, 16, 5, 4], 12, [172, 31, 255, 255]), ("1.2.3.4", [1, 2, 3, 4], 32, nil),
            ("0.0.0.0/0", [0, 0, 0, 0], 0, [255, 255, 255, 255]),
        ] as [(String, [UInt8], Int, [UInt8]?)])
    func readsIPv4(_ text: String, _ bytes: [UInt8], _ length: Int, _ broadcast: [UInt8]?) throws {
        let address = try #require(NetworkAddress(text))
        #expect(address.bytes == bytes && address.length == length && address.broadcast == broadcast)
    }

    @Test func readsIPv6() throws {
        let address = try #require(NetworkAddress("fe80::1/64"))
        #expect(address.isIPv6 && address.length == 64 && address.bytes.count == 16 && address.broadcast == nil)
    }

    @Test(arguments: ["", "web", "10.0.0.2/33", "10.0.0/8", "::1/129", "10.0.0.2/"])
    func othersAreNone(_ text: String) { #expect(NetworkAddress(text) == nil) }

    /// Bytes as `ip` of iproute2 sends them, but for the sequence number (`strace -e sendmsg ip addr add`).
    @Test func addressIsAMessageOfTheKernelsForm() throws {
        let message = NetlinkMessage.adding(try #require(NetworkAddress("10.0.0.2/24")), to: 2)
        let head: [UInt8] = [48, 0, 0, 0, 20, 0, 5, 5, 1, 0, 0, 0, 0, 0, 0, 0]
        let fixed: [UInt8] = [2, 24, 0, 0, 2, 0, 0, 0]
        let attributes: [UInt8] = [
            8, 0, 2, 0, 10, 0, 0, 2, 8, 0, 1, 0, 10, 0, 0, 2, 8, 0, 4, 0, 10, 0, 0, 255,
        ]
        #expect(message == head + fixed + attributes)
    }

    @Test func gatewayIsTheRouteOfEverything() throws {
        let message = NetlinkMessage.route(to: try #require(NetworkAddress("10.0.0.1")), through: 3)
        let head: [UInt8] = [44, 0, 0, 0, 24, 0, 5, 5, 1, 0, 0, 0, 0, 0, 0, 0]
        let fixed: [UInt8] = [2, 0, 0, 0, 254, 4, 0, 1, 4, 0, 0, 0]
        #expect(message == head + fixed + [8, 0, 5, 0, 10, 0, 0, 1, 8, 0, 4, 0, 3, 0, 0, 0])
    }
}
