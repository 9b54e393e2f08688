internal import JSON

/// `meta-data` of NoCloud, JSON or YAML, and `meta_data.json` of a config drive: of them hostname and ssh keys.
///
/// Of YAML this knows what such files use: a `key: value` per line, and below `public-keys:` a list, or names with a
/// key each.
struct InstanceMetadata: Equatable {
    private(set) var hostname: String?
    private(set) var keys: [String] = []

    private static let hostnameNames = ["local-hostname", "local_hostname", "hostname"]
    private static let keyNames = ["public-keys", "public_keys"]

    init(_ bytes: [UInt8]) throws(MetadataError) {
        let text = String(decoding: bytes, as: UTF8.self)
        guard Text.trimmed(text).hasPrefix("{") else {
            readYAML(text)
            return
        }
        do {
            readJSON(try JSONValue(parsing: bytes))
        } catch {
            throw MetadataError("metadata on the disk: invalid JSON: \(error)")
        }
    }

    private mutating func readJSON(_ json: JSONValue) {
        hostname = Self.hostnameNames.lazy.compactMap { json[$0]?.string }.first
        for name in Self.keyNames { add(json[name]) }
    }

    private mutating func add(_ json: JSONValue?) {
        let values = json?.array ?? json?.members?.map(\.value) ?? json.map { [$0] } ?? []
        for text in values.compactMap(\.string) { keys += Text.lines(text) }
    }

    private mutating func readYAML(_ text: String) {
        var names: [String: String] = [:]
        var isInKeys = false
        for line in text.unicodeScalars.split(whereSeparator: { $0 == "\n" || $0 == "\r" }).map({ String($0) }) {
            let words = Text.trimmed(line)
            if words.isEmpty || words.hasPrefix("#") { continue }
            if isInKeys, line.hasPrefix(" ") || line.hasPrefix("\t") || line.hasPrefix("-") {
                addKey(words)
                continue
            }
            guard let colon = words.firstIndex(of: ":") else { continue }
            let (name, value) = (Self.unquoted(words[..<colon]), Text.trimmed(words[words.index(after: colon)...]))
            isInKeys = Self.keyNames.contains(name)
            if !isInKeys {
                names[name] = Self.unquoted(value)
            } else if let list = try? JSONValue(parsing: Array(value.utf8)) {
                add(list)
            } else if !value.isEmpty {
                addKey(value)
            }
        }
        hostname = Self.hostnameNames.lazy.compactMap { names[$0] }.first { !$0.isEmpty }
    }

    /// `- KEY`, `NAME: KEY` or `KEY`.
    private mutating func addKey(_ words: String) {
        var text = words.hasPrefix("-") ? Text.trimmed(words.dropFirst()) : words
        if let range = text.firstRange(of: ": "), !text[..<range.lowerBound].contains(" ") {
            text = String(text[range.upperBound...])
        }
        text = Self.unquoted(text)
        if text.contains(" ") { keys.append(text) }
    }

    private static func unquoted(_ text: some StringProtocol) -> String {
        let text = Text.trimmed(text)
        for mark in ["\"", "'"] where text.utf8.count >= 2 && text.hasPrefix(mark) && text.hasSuffix(mark) {
            return String(text.dropFirst().dropLast())
        }
        return text
    }
}
