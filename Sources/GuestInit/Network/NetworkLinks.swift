internal import BootLayout
internal import CInit
internal import Glibc
internal import GuestSystem

/// The network links of containers. One end of a pair stays in the machine's namespace and lives as long as the
/// container's namespace, which a file may hold: the next run removes it before it creates its own.
final class NetworkLinks {
    /// Container to names of links that were created for it.
    private var created: [String: Set<String>] = [:]

    /// Puts the links of a container into the network namespace of `pid`.
    /// - Parameter loadDriver: loads a kernel module by its alias.
    func move(
        _ interfaces: [RuntimeRecord.Interface], of container: String, in pid: pid_t, loadDriver: (String) -> Bool
    ) throws(SystemError) {
        for name in (created.removeValue(forKey: container) ?? []).sorted() { try remove(name) }
        for interface in interfaces {
            let link = NetworkLink(interface)
            created[container, default: []].formUnion(link.createdNames)
            try link.move(in: pid, loadDriver: loadDriver)
        }
    }

    private func remove(_ name: String) throws(SystemError) {
        let index = cinit_interface_index(name)
        guard index > 0 else { return }
        let socket = try SystemError.check(cinit_route_socket(), "opening a netlink socket for", name)
        defer { close(socket) }
        let request = NetworkLink.removal(index)
        let result = cinit_route_request(socket, request, Int32(request.count))
        // Its other end, and with it this one, may vanish at any time.
        if result != -ENODEV { try SystemError.check(result, "removing interface", name) }
    }
}

/// A network link of a container.
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

    /// Names of links that are created, not of an existing one that is moved.
    var createdNames: [String] { kind.isEmpty ? [] : [interface.name, interface.peer].filter { !$0.isEmpty } }

    /// The request that removes a link; of a pair, both ends.
    static func removal(_ index: Int32) -> [UInt8] {
        let flags = NetlinkMessage.Flag.request | NetlinkMessage.Flag.acknowledge
        return NetlinkMessage(type: NetlinkMessage.deleteLink, flags: flags, index: index).finished()
    }

    /// The requests that put the link into the network namespace of `pid`. `index` looks up an existing link.
    func requests(for pid: pid_t, index: (String) throws(SystemError) -> Int32) throws(SystemError) -> [[UInt8]] {
        guard !interface.name.isEmpty else {
            throw SystemError("setting up interface", "", number: EINVAL)
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

    /// `createInRoot` links and pairs are created in the machine's namespace and moved afterwards: some kinds
    /// (wireguard) keep sending through the namespace that they were created in.
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
    func move(in pid: pid_t, loadDriver: (String) -> Bool) throws(SystemError) {
        let hasDriver = kind.isEmpty || loadDriver("rtnl-link-" + kind)
        let socket = try SystemError.check(cinit_route_socket(), "opening a netlink socket for", interface.name)
        defer { close(socket) }
        let index = { (name: String) throws(SystemError) in
            try SystemError.check(cinit_interface_index(name), "setting up interface", name)
        }
        for request in try requests(for: pid, index: index) {
            do { try send(request, socket) } catch {
                guard error.number == EOPNOTSUPP, !hasDriver else { throw error }
                throw SystemError(
                    "no kernel module for links of kind \(kind): setting up interface", interface.name,
                    number: error.number)
            }
        }
        if !kind.isEmpty && isMovedAfterwards { try send(move(try index(interface.name), to: pid), socket) }
    }

    private func send(_ request: [UInt8], _ socket: Int32) throws(SystemError) {
        try SystemError.check(
            cinit_route_request(socket, request, Int32(request.count)), "setting up interface", interface.name)
    }
}
