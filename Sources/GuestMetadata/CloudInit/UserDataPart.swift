internal import GuestSystem

/// One part of cloud-init's user data, by the first line of each ("User-Data Formats").
enum UserDataPart: Equatable {
    /// `#cloud-config`: YAML.
    case config([UInt8])
    /// `#!`.
    case script([UInt8])
    /// For another program, such as the files in JSON that ``ConfigTree`` reads.
    case other
    /// A form that this program cannot follow.
    case unsupported(String)

    /// The parts of user data: one, or those of a MIME message.
    static func list(_ userData: [UInt8]) throws(MetadataError) -> [UserDataPart] {
        let bytes = try Gzip.expanded(userData, of: "user data")
        guard let message = MIMEMessage(bytes) else { return [part(bytes)] }
        var parts: [UserDataPart] = []
        for body in try message.parts() { parts.append(part(try Gzip.expanded(body, of: "part of the user data"))) }
        return parts
    }

    private static func part(_ bytes: [UInt8]) -> UserDataPart {
        let line = Text.trimmed(bytes.prefix(200).prefix { $0 != 0x0A })
        if line == "#cloud-config" || line.hasPrefix("#cloud-config ") { return .config(bytes) }
        if line.hasPrefix("#!") { return .script(bytes) }
        for form in ["#include", "#cloud-boothook", "#part-handler", "#cloud-config-archive", "## template: jinja"]
        where line.hasPrefix(form) {
            return .unsupported("'\(form)' at the start of user data is not supported")
        }
        return .other
    }
}

/// A message with several parts (RFC 2046), as `cloud-init devel make-mime` makes them.
struct MIMEMessage {
    /// Names in lower case.
    private let fields: [String: String]
    private let body: ArraySlice<UInt8>

    static let mostParts = 100

    /// Nil when the bytes do not begin like one.
    init?(_ bytes: [UInt8]) {
        let start = Text.trimmed(bytes.prefix(200).prefix { $0 != 0x0A }).lowercased()
        guard start.hasPrefix("content-type:") || start.hasPrefix("mime-version:") || start.hasPrefix("from ") else {
            return nil
        }
        self.init(entity: bytes[...])
    }

    private init(entity bytes: ArraySlice<UInt8>) {
        var (fields, rest, last): ([String: String], ArraySlice<UInt8>, String) = ([:], bytes, "")
        while let end = rest.firstIndex(of: 0x0A) {
            let line = rest[..<end]
            rest = rest[(end + 1)...]
            let text = Text.trimmed(line)
            if text.isEmpty { break }
            if line.first == 0x20 || line.first == 0x09 {
                fields[last, default: ""] += " " + text
            } else if let colon = text.firstIndex(of: ":") {
                last = text[..<colon].lowercased()
                fields[last] = Text.trimmed(text[text.index(after: colon)...])
            }
        }
        (self.fields, body) = (fields, rest)
    }

    /// The decoded bodies of the parts, of parts within them as well.
    func parts(depth: Int = 0) throws(MetadataError) -> [[UInt8]] {
        guard let boundary else { return [try decoded()] }
        guard depth < 4 else { throw MetadataError("user data: MIME parts are nested too deep") }
        var (parts, lines): ([[UInt8]], [ArraySlice<UInt8>]?) = ([], nil)
        for line in body.split(separator: 0x0A, omittingEmptySubsequences: false) {
            let text = line.starts(with: "--".utf8) ? Text.trimmed(line) : ""
            guard text == "--\(boundary)" || text == "--\(boundary)--" else {
                lines?.append(line)
                continue
            }
            if let lines {
                let entity = Array(lines.joined(separator: [0x0A]))
                parts += try MIMEMessage(entity: entity[...]).parts(depth: depth + 1)
            }
            guard parts.count <= Self.mostParts else {
                throw MetadataError("user data: more than \(Self.mostParts) MIME parts")
            }
            if text == "--\(boundary)--" { return parts }
            lines = []
        }
        throw MetadataError("user data: a MIME message without an end")
    }

    private var boundary: String? {
        guard let type = fields["content-type"], type.lowercased().hasPrefix("multipart/"),
            let mark = type.lowercased().bounds(of: "boundary=")
        else {
            return nil
        }
        let value = type[mark.upperBound...]
        return value.hasPrefix("\"")
            ? String(value.dropFirst().prefix { $0 != "\"" }) : String(value.prefix { $0 != ";" })
    }

    private func decoded() throws(MetadataError) -> [UInt8] {
        switch fields["content-transfer-encoding"]?.lowercased() ?? "7bit" {
        case "7bit", "8bit", "binary": return Array(body)
        case "base64": return try Base64.decode(String(decoding: body, as: UTF8.self), of: "part of the user data")
        case let other: throw MetadataError("user data: MIME encoding '\(other)' is not supported")
        }
    }
}
