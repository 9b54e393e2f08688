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
