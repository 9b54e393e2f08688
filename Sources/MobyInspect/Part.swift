/// A piece of an artifact, and what it is made of.
public struct Part: Sendable {
    /// What it is, e.g. `GPT disk`, `partition`, `FAT16 volume`, `initrd`.
    public var kind: String
    /// What it is called where it lies: a partition's name, a file's path; empty when it has none. Raw text of the
    /// artifact.
    public var name: String
    /// In bytes.
    public var size: UInt64
    /// What else is known of it, in order.
    public var facts: [Fact] = []
    /// The files that it holds as a file system.
    public var volume: Volume?
    public var children: [Part] = []
    /// Why it could not be read whole.
    public var fault: String?

    /// A key and a value, raw text of the artifact.
    public struct Fact: Sendable, Equatable {
        public let key: String
        public let value: String
    }

    init(_ kind: String, name: String = "", size: UInt64) {
        (self.kind, self.name, self.size) = (kind, name, size)
    }

    mutating func add(_ key: String, _ value: some CustomStringConvertible) {
        facts.append(Fact(key: key, value: value.description))
    }

    /// This part and all below it, parents first.
    public var all: [Part] { [self] + children.flatMap(\.all) }
}
