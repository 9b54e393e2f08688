internal import BootLayout
internal import CInit
internal import Glibc
internal import GuestSystem

/// Sets up the machine's own network, before the first container.
struct NetworkSetup {
    let settings: NetworkSettings
    /// Loads a kernel module by its alias.
    let loadDriver: (String) -> Bool
    let report: (String) -> Void

    /// How long an interface may take to appear.
    private static let patience: Milliseconds = 10_000

    /// Attributes of a link (linux/if_link.h, linux/if_bonding.h).
    private enum Attribute {
        static let name: UInt16 = 3
        static let mtu: UInt16 = 4
        static let parent: UInt16 = 5
        static let master: UInt16 = 10
        static let information: UInt16 = 18
        static let kind: UInt16 = 1
        static let data: UInt16 = 2
        static let vlan: UInt16 = 1
        static let bondMode: UInt16 = 1
        static let bondMonitor: UInt16 = 3
    }

    /// One interface that fails does not keep the others from working.
    func perform() {
        guard !settings.links.isEmpty else { return }
        let socket = cinit_route_socket()
        guard socket >= 0 else { return report("setting up the network: \(SystemError.text(of: -socket))") }
        defer { close(socket) }
        for link in settings.links {
            do { try setUp(link, socket) } catch { report("setting up the network: \(error)") }
        }
        writeNameServers()
    }

    private func setUp(_ link: NetworkSettings.Link, _ socket: Int32) throws(SystemError) {
        try make(link, socket)
        let index = try index(of: link.name)
        var change = NetlinkMessage(
            type: NetlinkMessage.newLink, flags: NetlinkMessage.Flag.request | NetlinkMessage.Flag.acknowledge,
            index: index, isUp: true)
        if let mtu = link.mtu { change.add(Attribute.mtu, UInt32(mtu)) }
        try send(change.finished(), socket, "turning on", link.name)
        for text in link.addresses {
            guard let address = NetworkAddress(text) else { throw SystemError("reading address", text, number: EINVAL) }
            try send(NetlinkMessage.adding(address, to: index), socket, "adding address", text)
        }
        for text in link.gateways {
            guard let gateway = NetworkAddress(text) else { throw SystemError("reading address", text, number: EINVAL) }
            try send(NetlinkMessage.route(to: gateway, through: index), socket, "adding gateway", text)
        }
    }

    /// Creates an interface that is made of others.
    private func make(_ link: NetworkSettings.Link, _ socket: Int32) throws(SystemError) {
        switch link.origin {
        case .existing: return
        case .vlan(let parent, let id):
            let parentIndex = try index(of: parent)
            let message = creation(link.name, kind: "vlan", parent: parentIndex) { message in
                message.add(Attribute.vlan, bytes: withUnsafeBytes(of: UInt16(truncatingIfNeeded: id)) { Array($0) })
            }
            try create(message, link.name, kind: "vlan", socket)
        case .bond(let members, let mode):
            let message = creation(link.name, kind: "bond") { message in
                message.add(Attribute.bondMode, bytes: [UInt8(truncatingIfNeeded: mode)])
                // Looks at the links every 100 ms: without it, one that fails is never noticed.
                message.add(Attribute.bondMonitor, UInt32(100))
            }
            try create(message, link.name, kind: "bond", socket)
            let bond = try index(of: link.name)
            for member in members {
                let flags = NetlinkMessage.Flag.request | NetlinkMessage.Flag.acknowledge
                let memberIndex = try index(of: member)
                // Only a link that is off can be joined.
                let off = NetlinkMessage(
                    type: NetlinkMessage.newLink, flags: flags, index: memberIndex, isUp: false)
                try send(off.finished(), socket, "turning off", member)
                var join = NetlinkMessage(type: NetlinkMessage.newLink, flags: flags, index: memberIndex)
                join.add(Attribute.master, UInt32(bond))
                try send(join.finished(), socket, "joining to '\(link.name)'", member)
            }
        }
    }

    private func creation(
        _ name: String, kind: String, parent: Int32? = nil, _ data: (inout NetlinkMessage) -> Void
    ) -> [UInt8] {
        var message = NetlinkMessage(
            type: NetlinkMessage.newLink,
            flags: NetlinkMessage.Flag.request | NetlinkMessage.Flag.acknowledge | NetlinkMessage.Flag.create
                | NetlinkMessage.Flag.exclusive)
        message.add(Attribute.name, name)
        if let parent { message.add(Attribute.parent, UInt32(parent)) }
        message.add(Attribute.information) { message in
            message.add(Attribute.kind, kind)
            message.add(Attribute.data, data)
        }
        return message.finished()
    }

    private func create(_ message: [UInt8], _ name: String, kind: String, _ socket: Int32) throws(SystemError) {
        let hasDriver = loadDriver("rtnl-link-" + kind)
        do { try send(message, socket, "creating interface", name) } catch {
            guard error.number == EOPNOTSUPP, !hasDriver else { throw error }
            throw SystemError(
                "no kernel module for interfaces of kind \(kind): creating interface", name, number: error.number)
        }
    }

    private func send(_ message: [UInt8], _ socket: Int32, _ operation: String, _ subject: String)
        throws(SystemError)
    {
        try SystemError.check(cinit_route_request(socket, message, Int32(message.count)), operation, subject)
    }

    /// The number of an interface, once it exists: its driver may still be starting.
    private func index(of name: String) throws(SystemError) -> Int32 {
        let start = cinit_uptime()
        var isReported = false
        while true {
            let index = cinit_interface_index(name)
            if index > 0 { return index }
            let waited = cinit_uptime() - start
            guard waited < Self.patience else { throw SystemError("looking for interface", name, number: ENODEV) }
            if waited > 2000, !isReported {
                isReported = true
                let present = Files.names(in: "/sys/class/net").joined(separator: ", ")
                report("waiting for interface \(name) (\(Self.patience / 1000) s at most); the machine has \(present)")
            }
            usleep(20_000)
        }
    }

    private func writeNameServers() {
        guard !settings.nameServers.isEmpty else { return }
        let text = settings.nameServers.map { "nameserver \($0)\n" }.joined()
        do { try Files.write(text, to: "/etc/resolv.conf", create: true) } catch {
            report("setting up the network: \(error)")
        }
    }
}
