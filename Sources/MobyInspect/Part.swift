internal import Archive
internal import Extents

/// A piece of an artifact, and what it is made of.
public struct Part: Sendable {
    /// The type, e.g. `GPT disk`, `partition`, `FAT16 volume`, `initrd`.
    public var kind: String
    /// Its name in the outer part: a partition's name, a file's path; empty when it has none. Raw text of the
    /// artifact.
    public var name: String
    /// In bytes.
    public var size: UInt64
    /// Further facts in order.
    public var facts: [Fact] = []
    /// The files that it holds as a file system.
    public var volume: Volume?
    public var children: [Part] = []
    /// Why it could not be read whole.
    public var damage: String?

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

extension Part {
    /// More files than these are not listed one by one.
    private static let listLimit = 24

    /// The description for people: one line for each part, indented below the outer one.
    /// - Parameter name: of the artifact.
    public func text(name: String) -> String {
        var lines: [String] = []
        var root = self
        root.name = name
        root.write(to: &lines, "")
        return lines.map { $0 + "\n" }.joined()
    }

    private func write(to lines: inout [String], _ indent: String) {
        let details =
            [SizeText.exact(size)]
            + facts.map { $0.key == "text" ? "'\($0.value)'" : Self.fact($0) }.map { PlainText.of($0) }
        let title = PlainText.of(kind) + (name.isEmpty ? "" : " " + PlainText.of(name))
        lines.append(
            indent + title + ": " + details.joined(separator: ", ") + (volume.map { "; files in \($0.name):" } ?? ""))
        if let damage { lines.append("\(indent)  damaged: \(PlainText.of(damage))") }
        if let volume { Self.write(volume, to: &lines, indent + "  ") }
        for child in children { child.write(to: &lines, indent + "  ") }
    }

    private static func fact(_ fact: Fact) -> String {
        let unit = " bytes"
        guard fact.key == "offset" || fact.key.hasSuffix(unit), let count = UInt64(fact.value) else {
            return "\(fact.key) \(fact.value)"
        }
        return "\(fact.key.hasSuffix(unit) ? String(fact.key.dropLast(unit.count)) : fact.key) \(SizeText.exact(count))"
    }

    private static func write(_ volume: Volume, to lines: inout [String], _ indent: String) {
        guard volume.files.count <= listLimit else {
            lines.append(
                "\(indent)\(SizeText.grouped(UInt(volume.files.count))) names, \(SizeText.exact(volume.totalSize)) in files"
            )
            return
        }
        for file in volume.files where file.kind != .directory {
            lines.append("\(indent)/\(PlainText.of(file.path.bytes))  \(SizeText.exact(file.size))")
        }
    }
}

extension Part {
    /// The description for programs: `kind`, `name`, `size`, `facts`, `volume`, `files`, `fault`, `parts`. Roots
    /// with many files give their number only; `moby ls --json` lists them.
    public struct Document: Encodable, Sendable {
        let kind: String
        let name: String?
        let size: UInt64
        let facts: [String: String]?
        let volume: String?
        let names: Int?
        let files: [Volume.Row]?
        let damage: String?
        let parts: [Document]?

        enum CodingKeys: String, CodingKey {
            case kind, name, size, facts, volume, names, files, parts
            case damage = "fault"
        }
    }

    public var document: Document {
        let isShort = volume.map { $0.files.count <= 256 } ?? false
        return Document(
            kind: kind, name: name.isEmpty ? nil : name, size: size,
            facts: facts.isEmpty ? nil : Dictionary(facts.map { ($0.key, $0.value) }) { $1 }, volume: volume?.name,
            names: volume?.files.count, files: isShort ? volume?.files.map { Volume.Row($0, in: nil) } : nil,
            damage: damage,
            parts: children.isEmpty ? nil : children.map(\.document))
    }
}

extension Volume {
    /// One file, for programs.
    public struct Row: Encodable, Sendable {
        let volume: String?
        /// With a slash in front; bytes that are not UTF-8 become replacement characters.
        let path: String
        let type: String
        let size: UInt64
        /// Octal digits.
        let mode: String?
        let uid: UInt32
        let gid: UInt32
        let target: String?

        public init(_ file: File, in volume: String?) {
            self.volume = volume
            path = "/" + file.path.description
            type = String(file.kind.rawValue)
            size = file.size
            mode = file.mode.map { String($0, radix: 8) }
            (uid, gid) = (file.uid, file.gid)
            target = file.kind == .symlink ? String(decoding: file.target, as: UTF8.self) : nil
        }
    }
}

extension Volume.File {
    /// As `ls -l` writes it, without what it has no room for: `-rw-r--r-- 0 0 12 esp:/path -> target`.
    public func line(in volume: String) -> String {
        let bits = mode.map(Self.letters)
        let end = kind == .symlink ? " -> " + PlainText.of(target) : kind == .directory ? "/" : ""
        return
            "\(kind.rawValue)\(bits ?? "         ") \(uid) \(gid) \(size) \(volume):/\(PlainText.of(path.bytes))\(end)"
    }

    /// Nine permission bits, with setuid, setgid and sticky in the places of `x`: `rwsr-xr-t`; a capital where the bit
    /// of `x` is not set.
    static func letters(_ mode: UInt16) -> String {
        (0..<9).reversed().map { bit in
            let isSet = mode >> UInt16(bit) & 1 == 1
            let special = bit % 3 == 0 && mode >> UInt16(9 + bit / 3) & 1 == 1
            let letter = bit == 0 ? "t" : "s"
            return special ? (isSet ? letter : letter.uppercased()) : isSet ? ["x", "w", "r"][bit % 3] : "-"
        }.joined()
    }
}
