internal import Extents
internal import Glibc

/// The guest's address on a network shared with others: made once, locally administered, kept in the state folder.
enum MACAddress {
    /// The address kept in `folder`, or a new one, which ``StateFolder`` keeps when the machine starts.
    static func kept(in folder: String) -> String {
        if let text = try? FileFacts.text(of: "\(folder)/mac-addr", limit: 32) {
            let line = text.split(separator: "\n").first.map(String.init) ?? ""
            if isValid(line) { return line }
        }
        return random()
    }

    static func random() -> String {
        var bytes = (0..<6).map { _ in UInt8.random(in: 0...255) }
        bytes[0] = (bytes[0] | 2) & 0xFE
        return bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
    }

    static func isValid(_ text: String) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 6 && parts.allSatisfy { $0.utf8.count == 2 && UInt8($0, radix: 16) != nil }
    }
}
