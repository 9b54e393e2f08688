internal import Extents

/// All that the bytes of a segment depend on. Equal keys are equal bytes; the text is what the cache is named by and
/// what is printed.
public struct SegmentKey: Hashable, Sendable, CustomStringConvertible {
    /// What a segment holds.
    public enum Role: String, Sendable {
        case microcode, modules, `init`, image, volume, spec, sentinel, kernel, record, root
    }

    public let role: Role
    /// Digest of what it is made from, e.g. an image's content.
    public let content: String
    public let platform: String
    /// Where in the guest it is put, with what else decides names in it.
    public let destination: String
    /// Version of the rules by which trees are changed on the way.
    public let rules: String
    /// How it is encoded: archive format and compression with library version and level.
    public let encoding: String

    public init(role: Role, content: String, platform: String, destination: String, rules: String, encoding: String) {
        self.role = role
        self.content = content
        self.platform = platform
        self.destination = destination
        self.rules = rules
        self.encoding = encoding
    }

    /// Name and value of each part, in order.
    public var fields: [(name: String, value: String)] {
        [
            ("role", role.rawValue), ("content", content), ("platform", platform), ("destination", destination),
            ("rules", rules),
            ("encoding", encoding),
        ]
    }

    /// One `name value` line for each part.
    public var description: String { fields.map { "\($0.name) \($0.value)\n" }.joined() }

    /// SHA-256 of the text, 64 hexadecimal digits.
    public var hex: String { SHA256.hash(Array(description.utf8)) }

    /// The parts in which this key differs from an older one: why a segment is made anew.
    public func changes(since old: SegmentKey) -> [String] {
        zip(fields, old.fields).filter { $0.value != $1.value }.map { "\($0.name): \($1.value) -> \($0.value)" }
    }
}
