internal import Extents

/// The rules for each part of a reference (distribution, reference grammar).
struct ReferenceGrammar {
    private let text: String

    init(_ text: String) { self.text = text }

    func check(host: String?, path: String, tag: String?) throws {
        if let host { try check(host: host) }
        guard !path.isEmpty else { throw ImageReferenceError(text, .empty) }
        let length = (host.map { $0.utf8.count + 1 } ?? 0) + path.utf8.count
        guard length <= 255 else { throw ImageReferenceError(text, .tooLong(length)) }
        for component in path.split(separator: "/", omittingEmptySubsequences: false) {
            guard !Self.isComponent(component.lowercased()) || Self.isComponent(component) else {
                throw ImageReferenceError(text, .upperCase(path))
            }
            guard Self.isComponent(component) else { throw ImageReferenceError(text, .repository(String(component))) }
        }
        if host == nil, Digest(sha256: path) != nil { throw ImageReferenceError(text, .hexadecimal(path)) }
        if let tag, !Self.isTag(tag) { throw ImageReferenceError(text, .tag(tag)) }
    }

    private func check(host: String) throws {
        var name = host[...]
        if host.hasPrefix("[") {
            guard let end = host.firstIndex(of: "]"), Self.isIPv6(host[host.index(after: host.startIndex)..<end]) else {
                throw ImageReferenceError(text, .host(host))
            }
            let rest = host[host.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { throw ImageReferenceError(text, .host(host)) }
            if rest.hasPrefix(":") { try check(port: rest.dropFirst()) }
            return
        }
        if let colon = host.firstIndex(of: ":") {
            try check(port: host[host.index(after: colon)...])
            name = host[..<colon]
        }
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.allSatisfy(Self.isLabel) else { throw ImageReferenceError(text, .host(host)) }
    }

    private func check(port: Substring) throws {
        guard port.utf8.allSatisfy({ $0.isASCIIDigit }), let number = UInt16(port), number > 0 else {
            throw ImageReferenceError(text, .port(String(port)))
        }
    }

    private static func isLabel(_ label: Substring) -> Bool {
        let bytes = label.utf8
        guard bytes.first != UInt8(ascii: "-"), bytes.last != UInt8(ascii: "-"), (1...63).contains(bytes.count) else {
            return false
        }
        return bytes.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
    }

    private static func isIPv6(_ address: Substring) -> Bool {
        let isHex = { (byte: UInt8) in byte.isHexDigit }
        return address.utf8.count <= 45 && address.contains(":")
            && address.utf8.allSatisfy { isHex($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") }
    }

    private static func isTag(_ tag: String) -> Bool {
        let bytes = tag.utf8
        guard let first = bytes.first, bytes.count <= 128, isAlphanumeric(first) || first == UInt8(ascii: "_") else {
            return false
        }
        return bytes.allSatisfy { isAlphanumeric($0) || "_.-".utf8.contains($0) }
    }

    /// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
    private static func isComponent(_ component: some StringProtocol) -> Bool {
        var separator: [UInt8] = [0]
        for byte in component.utf8 {
            if byte.isASCIILowercase || byte.isASCIIDigit {
                separator = []
                continue
            }
            separator.append(byte)
            guard isSeparator(separator) else { return false }
        }
        return separator.isEmpty
    }

    private static func isSeparator(_ bytes: [UInt8]) -> Bool {
        bytes == Array(".".utf8) || bytes == Array("_".utf8) || bytes == Array("__".utf8)
            || bytes.allSatisfy { $0 == UInt8(ascii: "-") }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        byte.isASCIIDigit || byte.isASCIILetter
    }
}
