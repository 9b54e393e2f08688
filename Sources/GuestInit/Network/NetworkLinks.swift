internal import BootLayout
internal import CInit
internal import Glibc

/// The network links that containers were given. One end of a pair stays with us and outlives the container as long as
/// its namespace does, which a file may hold: the next run takes it away before it makes its own.
final class NetworkLinks {
    /// Container to names of links that were made for it.
    private var made: [String: Set<String>] = [:]

    /// Puts the links of a container into the network namespace of `pid`.
    /// - Parameter loadDriver: loads a kernel module by its alias.
    func place(
        _ interfaces: [RuntimeRecord.Interface], of container: String, in pid: pid_t, loadDriver: (String) -> Bool
    ) throws(SystemError) {
        for name in (made.removeValue(forKey: container) ?? []).sorted() { try remove(name) }
        for interface in interfaces {
            let link = NetworkLink(interface)
            made[container, default: []].formUnion(link.madeNames)
            try link.place(in: pid, loadDriver: loadDriver)
        }
    }

    private func remove(_ name: String) throws(SystemError) {
        let index = cinit_interface_index(name)
        guard index > 0 else { return }
        let socket = try SystemError.check(cinit_route_socket(), "netlink", name)
        defer { close(socket) }
        let request = NetworkLink.removal(index)
        let result = cinit_route_request(socket, request, Int32(request.count))
        // Its other end, and with it this one, may go by itself at any time.
        if result != -ENODEV { try SystemError.check(result, "remove interface", name) }
    }
}

/// A network link that a container is given.
struct NetworkLink {
    private let interface: RuntimeRecord.Interface

    /// Attributes of a link (linux/if_link.h).
    private enum Attribute {
        static let name: UInt16 = 3
        static let information: UInt16 = 18
        static let namespaceOfPID: UInt16 = 19
        static let kind: UInt16 = 1
        static let data: UInt16 = 2
        static let peer: UInt16 = 1
    }

    init(_ interface: RuntimeRecord.Interface) { self.interface = interface }

    private var kind: String { interface.add.isEmpty && !interface.peer.isEmpty ? "veth" : interface.add }

    /// Names of links that this makes; an existing one that is moved is not among them.
    var madeNames: [String] { kind.isEmpty ? [] : [interface.name, interface.peer].filter { !$0.isEmpty } }

    /// The request that removes a link; of a pair, both ends.
    static func removal(_ index: Int32) -> [UInt8] {
        let flags = NetlinkMessage.Flag.request | NetlinkMessage.Flag.acknowledge
        return NetlinkMessage(type: NetlinkMessage.deleteLink, flags: flags, index: index).finished()
    }

    /// The requests that put the link into the network namespace of `pid`. `index` looks up an existing link.
    func requests(for pid: pid_t, index: (String) throws(SystemError) -> Int32) throws(SystemError) -> [[UInt8]] {
        guard !interface.name.isEmpty else {
            throw SystemError(operation: "interface", subject: "without a name", number: EINVAL)
        }
        guard !kind.isEmpty else { return [move(try index(interface.name), to: pid)] }
        return [creation(in: pid)]
    }

    private func move(_ index: Int32, to pid: pid_t) -> [UInt8] {
        let flags = NetlinkMessage.Flag.request | NetlinkMessage.Flag.acknowledge
        var message = NetlinkMessage(type: NetlinkMessage.newLink, flags: flags, index: index)
        message.add(Attribute.namespaceOfPID, UInt32(pid))
        return message.finished()
    }

    /// `createInRoot` links and pairs are made with our end in the namespace of the machine: some kinds (wireguard)
    /// keep it as the way out.
    private func creation(in pid: pid_t) -> [UInt8] {
        let flags =
            NetlinkMessage.Flag.request | NetlinkMessage.Flag.acknowledge | NetlinkMessage.Flag.create
            | NetlinkMessage.Flag.exclusive
        var message = NetlinkMessage(type: NetlinkMessage.newLink, flags: flags)
        message.add(Attribute.name, interface.name)
        if !isMovedAfterwards { message.add(Attribute.namespaceOfPID, UInt32(pid)) }
        let (kind, peer) = (kind, interface.peer)
        message.add(Attribute.information) { message in
            message.add(Attribute.kind, kind)
            guard kind == "veth", !peer.isEmpty else { return }
            message.add(Attribute.data) { message in
                message.add(Attribute.peer) { message in
                    message.addLinkPart()
                    message.add(Attribute.name, peer)
                }
            }
        }
        return message.finished()
    }

    private var isMovedAfterwards: Bool { kind == "veth" || interface.createInRoot }

    /// - Parameter loadDriver: loads a kernel module by its alias.
    func place(in pid: pid_t, loadDriver: (String) -> Bool) throws(SystemError) {
        let hasDriver = kind.isEmpty || loadDriver("rtnl-link-" + kind)
        let socket = try SystemError.check(cinit_route_socket(), "netlink", interface.name)
        defer { close(socket) }
        let index = { (name: String) throws(SystemError) in
            try SystemError.check(cinit_interface_index(name), "interface", name)
        }
        for request in try requests(for: pid, index: index) {
            do { try send(request, socket) } catch {
                guard error.number == EOPNOTSUPP, !hasDriver else { throw error }
                throw SystemError(
                    operation: "no kernel module for links of kind \(kind): interface", subject: interface.name,
                    number: error.number)
            }
        }
        if !kind.isEmpty && isMovedAfterwards { try send(move(try index(interface.name), to: pid), socket) }
    }

    private func send(_ request: [UInt8], _ socket: Int32) throws(SystemError) {
        try SystemError.check(cinit_route_request(socket, request, Int32(request.count)), "interface", interface.name)
    }
}
