internal import Glibc

/// An IP address in network order, with the length of its network's prefix.
struct NetworkAddress: Equatable {
    /// 4 or 16.
    let bytes: [UInt8]
    let length: Int

    var isIPv6: Bool { bytes.count == 16 }
    var family: UInt8 { UInt8(isIPv6 ? AF_INET6 : AF_INET) }

    /// `10.0.0.2/24`; an address alone is a network of its own.
    init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let isIPv6 = parts[0].utf8.contains(UInt8(ascii: ":"))
        var bytes = [UInt8](repeating: 0, count: 16)
        guard inet_pton(isIPv6 ? AF_INET6 : AF_INET, parts[0], &bytes) == 1 else { return nil }
        self.bytes = isIPv6 ? bytes : Array(bytes.prefix(4))
        guard parts.count == 2 else {
            length = self.bytes.count * 8
            return
        }
        guard let length = Int(parts[1]), (0...self.bytes.count * 8).contains(length) else { return nil }
        self.length = length
    }

    /// The highest address of an IPv4 network, for everyone in it; nil for a network without one.
    var broadcast: [UInt8]? {
        guard !isIPv6, length < 31 else { return nil }
        let host = UInt32.max >> UInt32(length)
        let number = bytes.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } | host
        return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> UInt32($0)) }
    }
}
