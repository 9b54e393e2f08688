extension NetlinkMessage {
    static let newAddress: UInt16 = 20
    static let newRoute: UInt16 = 24

    /// Attributes of addresses (linux/if_addr.h) and routes (linux/rtnetlink.h).
    private enum Attribute {
        static let address: UInt16 = 1
        static let local: UInt16 = 2
        static let broadcast: UInt16 = 4
        static let outgoing: UInt16 = 4
        static let gateway: UInt16 = 5
    }

    private static let creating = Flag.request | Flag.acknowledge | Flag.create | Flag.replace

    /// Gives the interface with `index` an address (struct ifaddrmsg).
    static func adding(_ address: NetworkAddress, to index: Int32) -> [UInt8] {
        // 2 is IFA_F_NODAD: of a machine's own address, IPv6 does not ask whether another one has it, which takes a
        // second in which the address cannot be used.
        let fixed: [UInt8] = [address.family, UInt8(address.length), address.isIPv6 ? 2 : 0, 0]
        var message = NetlinkMessage(type: newAddress, flags: creating, fixed: fixed + bytes(of: UInt32(index)))
        message.add(Attribute.local, bytes: address.bytes)
        message.add(Attribute.address, bytes: address.bytes)
        if let broadcast = address.broadcast { message.add(Attribute.broadcast, bytes: broadcast) }
        return message.finished()
    }

    /// Sends everything without another route to a gateway, through the interface with `index` (struct rtmsg).
    static func route(to gateway: NetworkAddress, through index: Int32) -> [UInt8] {
        // Table main (254), protocol static (4), scope universe, type unicast. The gateway need not be in a network of
        // the interface (RTNH_F_ONLINK, 4): clouds give a machine an address that is a network of its own.
        let fixed: [UInt8] = [gateway.family, 0, 0, 0, 254, 4, 0, 1]
        var message = NetlinkMessage(type: newRoute, flags: creating, fixed: fixed + bytes(of: UInt32(4)))
        message.add(Attribute.gateway, bytes: gateway.bytes)
        message.add(Attribute.outgoing, UInt32(index))
        return message.finished()
    }

    private static func bytes(of number: UInt32) -> [UInt8] { withUnsafeBytes(of: number) { Array($0) } }
}
