internal import Archive
internal import Extents

extension Part {
    /// What it is made of, for programs: `kind`, `name`, `size`, `facts`, `volume`, `files`, `fault`, `parts`. Roots
    /// with many files give their number only; `moby ls --json` lists them.
    public struct Document: Encodable, Sendable {
        let kind: String
        let name: String?
        let size: UInt64
        let facts: [String: String]?
        let volume: String?
        let names: Int?
        let files: [Volume.Row]?
        let fault: String?
        let parts: [Document]?
    }

    public var document: Document {
        let isShort = volume.map { $0.files.count <= 256 } ?? false
        return Document(
            kind: kind, name: name.isEmpty ? nil : name, size: size,
            facts: facts.isEmpty ? nil : Dictionary(facts.map { ($0.key, $0.value) }) { $1 }, volume: volume?.name,
            names: volume?.files.count, files: isShort ? volume?.files.map { Volume.Row($0, in: nil) } : nil,
            fault: fault,
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
