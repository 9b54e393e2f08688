internal import FoundationEssentials

/// QEMU's network for guests with a server of this process at 169.254.169.254, port 80, where clouds have theirs.
public enum MetadataNetwork {
    /// Arguments for QEMU. The machine needs `networking = .none`, for this is its network.
    /// - Parameters:
    ///   - host: address and port of the server, asked over one connection for each of the guest's.
    ///   - ports: published on loopback; TCP.
    ///   - folder: for the program that joins the two, as long as the machine runs.
    public static func arguments(
        host: String, ports: [(host: UInt16, guest: UInt16)] = [], in folder: String
    ) throws -> [String] {
        // A forwarded address must lie in QEMU's network; the guest's own is not link-local, which DHCP clients
        // mistrust.
        var network = "user,id=net0,net=168.0.0.0/7,host=168.0.2.2,dns=168.0.2.3,dhcpstart=168.0.2.15"
        for port in ports { network += ",hostfwd=tcp:127.0.0.1:\(port.host)-:\(port.guest)" }
        let parts = host.split(separator: ":")
        let script = "exec 3<>/dev/tcp/\(parts[0])/\(parts[1])\ncat <&3 &\ncat >&3\nwait\n"
        let path = folder + "/metadata-network"
        try Data(script.utf8).write(to: URL(filePath: path))
        network += ",guestfwd=tcp:169.254.169.254:80-cmd:bash \(path)"
        return ["-netdev", network, "-device", "virtio-net-pci,netdev=net0,status=off,romfile="]
    }
}
