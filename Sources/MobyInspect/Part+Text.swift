internal import Archive
internal import Extents

extension Part {
    /// More files than these are not listed one by one.
    private static let listLimit = 24

    /// What it is made of, for people: one line for each part, indented below what it lies in.
    /// - Parameter name: of the artifact.
    public func text(name: String) -> String {
        var lines: [String] = []
        var root = self
        root.name = name
        root.write(to: &lines, "")
        return lines.map { $0 + "\n" }.joined()
    }

    private func write(to lines: inout [String], _ indent: String) {
        let details = [Self.bytes(size)] + facts.map { $0.key == "text" ? "'\($0.value)'" : Self.fact($0) }.map { PlainText.of($0) }
        let title = PlainText.of(kind) + (name.isEmpty ? "" : " " + PlainText.of(name))
        lines.append(indent + title + ": " + details.joined(separator: ", ") + (volume.map { "; files in \($0.name):" } ?? ""))
        if let fault { lines.append("\(indent)  damaged: \(PlainText.of(fault))") }
        if let volume { Self.write(volume, to: &lines, indent + "  ") }
        for child in children { child.write(to: &lines, indent + "  ") }
    }

    private static func fact(_ fact: Fact) -> String {
        let unit = " bytes"
        guard fact.key == "offset" || fact.key.hasSuffix(unit), let count = UInt64(fact.value) else { return "\(fact.key) \(fact.value)" }
        return "\(fact.key.hasSuffix(unit) ? String(fact.key.dropLast(unit.count)) : fact.key) \(bytes(count))"
    }

    private static func write(_ volume: Volume, to lines: inout [String], _ indent: String) {
        guard volume.files.count <= listLimit else {
            lines.append("\(indent)\(volume.files.count) names, \(bytes(volume.totalSize)) in files")
            return
        }
        for file in volume.files where file.kind != .directory {
            lines.append("\(indent)/\(PlainText.of(file.path.bytes))  \(bytes(file.size))")
        }
    }

    /// `8 MiB` when it is whole, `8123456 bytes` when it is not.
    static func bytes(_ count: UInt64) -> String {
        let units: [(UInt64, String)] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")]
        for (unit, name) in units where count >= unit && count % unit == 0 { return "\(count / unit) \(name)" }
        return count == 1 ? "1 byte" : "\(count) bytes"
    }
}
