internal import Extents
internal import Glibc

/// An IPv4 or IPv6 address.
public struct IPAddress: Sendable, Hashable {
    /// In network order: 4 or 16.
    public let bytes: [UInt8]
    public let text: String

    public var isIPv6: Bool { bytes.count == 16 }

    /// Nil for any other text, names among them.
    init?(_ text: String) {
        var bytes = [UInt8](repeating: 0, count: 16)
        let isIPv6 = text.utf8.contains(UInt8(ascii: ":"))
        guard inet_pton(isIPv6 ? AF_INET6 : AF_INET, text, &bytes) == 1 else { return nil }
        self.bytes = isIPv6 ? bytes : Array(bytes.prefix(4))
        self.text = text
    }

    static func parse(_ text: String) throws(SyntaxError) -> IPAddress {
        if let address = IPAddress(text) { return address }
        let bare = text.prefix { $0 != "/" }
        throw SyntaxError(
            "is '\(PlainText.short(text))', expected an IP address",
            hint: bare != text && IPAddress(String(bare)) != nil ? "write \(bare)" : nil)
    }
}

/// An address with the length of its network's prefix: `10.0.0.2/24`.
public struct IPPrefix: Sendable, Hashable {
    public let address: IPAddress
    /// Bits.
    public let length: Int

    public var text: String { "\(address.text)/\(length)" }

    init(_ text: String) throws(SyntaxError) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let address = IPAddress(parts[0]) else {
            throw SyntaxError(
                "is '\(PlainText.short(text))', expected an IP address with the length of its network: 10.0.0.2/24")
        }
        guard parts.count == 2 else {
            throw SyntaxError(
                "is '\(text)', without the length of its network",
                hint: "for example \(text)/\(address.isIPv6 ? 64 : 24)")
        }
        guard let length = Int(parts[1]), (0...address.bytes.count * 8).contains(length) else {
            throw SyntaxError(
                "is '\(PlainText.short(text))', expected a length from 0 to \(address.bytes.count * 8) after the slash",
                hint: Self.length(ofMask: parts[1]).map { "write \(address.text)/\($0)" })
        }
        (self.address, self.length) = (address, length)
    }

    /// Whether an address is in the network.
    func contains(_ other: IPAddress) -> Bool {
        guard other.isIPv6 == address.isIPv6 else { return false }
        return (0..<length).allSatisfy { bit in
            (address.bytes[bit / 8] ^ other.bytes[bit / 8]) & (0x80 >> UInt8(bit % 8)) == 0
        }
    }

    /// The length that a mask such as `255.255.255.0` stands for.
    private static func length(ofMask text: String) -> Int? {
        guard let mask = IPAddress(text), !mask.isIPv6 else { return nil }
        let bits = mask.bytes.flatMap { byte in (0..<8).map { (bit: UInt8) -> Bool in byte & (0x80 >> bit) != 0 } }
        let length = bits.prefix { $0 }.count
        return bits[length...].contains(true) ? nil : length
    }
}
