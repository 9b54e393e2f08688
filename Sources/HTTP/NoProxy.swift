internal import Glibc

/// The hosts that are reached without a proxy: the list in `NO_PROXY`, by the rules of Go and libcurl together.
///
/// An entry is `*`, a host (with what lies below it), an address or a block of addresses (`10.0.0.0/8`), each but the
/// block with `:port` to match only that port.
struct NoProxy: Sendable {
    private let entries: [Entry]

    private enum Entry {
        case all
        case host(String, port: Int?)
        case block([UInt8], bits: Int)
    }

    /// - Parameter list: entries with commas or spaces between them. What cannot be read matches nothing.
    init(_ list: String) {
        entries = list.split { ", \t".contains($0) }.map { Self.entry($0.lowercased()) }
    }

    /// Whether a URL is requested without a proxy.
    func contains(_ url: WebURL) -> Bool {
        let host = Self.bare(url.host)
        let address = Self.address(host)
        return entries.contains { entry in
            switch entry {
            case .all: true
            case .host(let name, let port):
                (port == nil || port == url.port) && (host == name || address == nil && host.hasSuffix(".\(name)"))
            case .block(let network, let bits):
                address.map { Self.prefix($0, bits) == Self.prefix(network, bits) } ?? false
            }
        }
    }

    private static func entry(_ text: String) -> Entry {
        if text == "*" { return .all }
        if let slash = text.firstIndex(of: "/"), let network = address(String(text[..<slash])),
            let bits = Int(text[text.index(after: slash)...]), (0...network.count * 8).contains(bits)
        {
            return .block(network, bits: bits)
        }
        var (name, port) = (text[...], Int?.none)
        // A colon of an IPv6 address without brackets is not one before a port.
        if let colon = text.lastIndex(of: ":"),
            text.hasPrefix("[") ? text[..<colon].hasSuffix("]") : text.firstIndex(of: ":") == colon,
            let number = Int(text[text.index(after: colon)...])
        {
            (name, port) = (text[..<colon], number)
        }
        if name.hasPrefix(".") { name = name.dropFirst() }
        return .host(bare(String(name)), port: port)
    }

    /// Without the brackets of an IPv6 address and the dot at the end of a full name.
    private static func bare(_ host: String) -> String {
        var text = host[...]
        if text.hasPrefix("["), text.hasSuffix("]") { text = text.dropFirst().dropLast() }
        if text.hasSuffix(".") { text = text.dropLast() }
        return String(text)
    }

    /// The bytes of an IPv4 or IPv6 address; nil for a name.
    private static func address(_ text: String) -> [UInt8]? {
        for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: count)
            if inet_pton(family, text, &bytes) == 1 { return bytes }
        }
        return nil
    }

    private static func prefix(_ address: [UInt8], _ bits: Int) -> [UInt8]? {
        guard bits <= address.count * 8 else { return nil }
        var bytes = Array(address.prefix((bits + 7) / 8))
        if bits % 8 > 0 { bytes[bytes.count - 1] &= ~(0xff >> UInt8(bits % 8)) }
        return bytes + [UInt8(address.count)]
    }
}
