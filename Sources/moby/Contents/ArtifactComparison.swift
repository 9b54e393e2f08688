internal import Archive
internal import Extents
internal import FoundationEssentials
internal import MobyInspect

/// Two files that ought to be the same: where they first differ, as closely as their structure says.
struct ArtifactComparison {
    let first: String
    let second: String

    /// One difference.
    struct Difference {
        /// Where, from the outside in: `partition 'root' > EROFS > /etc/hosts`.
        let location: String
        let reason: String

        var description: String { location.isEmpty ? reason : "\(location): \(reason)" }
    }

    /// - Returns: nil when the files have the same bytes.
    /// - Throws: `FileError` when one cannot be read.
    func difference() throws -> Difference? {
        let (a, b) = (try ExtentList(file: first), try ExtentList(file: second))
        guard let offset = try Self.firstDifference(a, b) else { return nil }
        let bytes = Difference(
            location: "",
            reason: a.length == b.length
                ? "byte \(offset) differs" : "byte \(offset) differs, and the sizes are \(a.length) and \(b.length)")
        // A file whose form is not known has only bytes.
        guard let left = try inspection(a), let right = try inspection(b) else { return bytes }
        return try Self.compare(left, right) ?? bytes
    }

    private func inspection(_ content: ExtentList) throws -> Inspection? {
        do {
            return try Inspection(content, scratch: Terminal.scratchFolder)
        } catch is InspectError {
            return nil
        }
    }

    /// - Returns: nil for equal bytes; the length of the shorter one, when it is the start of the other.
    static func firstDifference(_ a: ExtentList, _ b: ExtentList) throws -> UInt64? {
        let common = min(a.length, b.length)
        let piece: UInt64 = 1 << 20
        var offset: UInt64 = 0
        while offset < common {
            let count = Int(min(piece, common - offset))
            let (left, right) = (try a.bytes(at: offset, count: count), try b.bytes(at: offset, count: count))
            if left != right, let at = zip(left, right).enumerated().first(where: { $1.0 != $1.1 })?.offset {
                return offset + UInt64(at)
            }
            offset += UInt64(count)
        }
        return a.length == b.length ? nil : common
    }

    private static func compare(_ a: Inspection, _ b: Inspection) throws -> Difference? {
        if let found = try volumes(a, b) { return found }
        return parts(a.root, b.root, at: [])
    }

    /// The innermost part whose facts are not the same.
    private static func parts(_ a: Part, _ b: Part, at outer: [String]) -> Difference? {
        let location = outer + [a.name.isEmpty ? a.kind : "\(a.kind) '\(PlainText.short(a.name))'"]
        for (left, right) in zip(a.children, b.children) {
            if let found = parts(left, right, at: location) { return found }
        }
        let shown = location.joined(separator: " > ")
        if a.kind != b.kind { return Difference(location: shown, reason: "is \(PlainText.of(b.kind)) in the other") }
        if a.children.count != b.children.count {
            return Difference(location: shown, reason: "has \(a.children.count) parts and \(b.children.count)")
        }
        for fact in a.facts {
            let other = b.facts.first { $0.key == fact.key }?.value ?? "nothing"
            if other != fact.value {
                return Difference(
                    location: shown,
                    reason: "\(PlainText.of(fact.key)) is \(PlainText.short(fact.value)) and \(PlainText.short(other))")
            }
        }
        return a.size == b.size ? nil : Difference(location: shown, reason: "has \(a.size) and \(b.size) bytes")
    }

    /// The first file that is not the same.
    private static func volumes(_ a: Inspection, _ b: Inspection) throws -> Difference? {
        for (left, right) in zip(a.volumes, b.volumes) {
            let others = Dictionary(right.files.map { ($0.path, $0) }) { $1 }
            for file in left.files {
                let location = "\(left.name):/\(PlainText.of(file.path.bytes))"
                guard let other = others[file.path] else {
                    return Difference(location: location, reason: "is only in the first")
                }
                if let reason = try reason(file, other, left, right) {
                    return Difference(location: location, reason: reason)
                }
            }
            let own = Set(left.files.map(\.path))
            if let extra = right.files.first(where: { !own.contains($0.path) }) {
                return Difference(
                    location: "\(left.name):/\(PlainText.of(extra.path.bytes))", reason: "is only in the second")
            }
        }
        return nil
    }

    /// Why two files of one path are not the same.
    private static func reason(_ a: Volume.File, _ b: Volume.File, _ left: Volume, _ right: Volume) throws -> String? {
        func text(_ mode: UInt16?) -> String { mode.map { String($0, radix: 8) } ?? "none" }
        if a.kind != b.kind { return "is of another kind" }
        if a.mode != b.mode { return "has mode \(text(a.mode)) and \(text(b.mode))" }
        if (a.uid, a.gid) != (b.uid, b.gid) { return "is owned by \(a.uid):\(a.gid) and \(b.uid):\(b.gid)" }
        if a.target != b.target { return "leads to '\(PlainText.of(a.target))' and '\(PlainText.of(b.target))'" }
        guard a.kind == .regular else { return nil }
        if a.size != b.size { return "has \(a.size) and \(b.size) bytes" }
        return try left.sha256(of: a) == right.sha256(of: b) ? nil : "has other contents"
    }
}
