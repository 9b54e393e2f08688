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
        let details =
            [SizeText.exact(size)]
            + facts.map { $0.key == "text" ? "'\($0.value)'" : Self.fact($0) }.map { PlainText.of($0) }
        let title = PlainText.of(kind) + (name.isEmpty ? "" : " " + PlainText.of(name))
        lines.append(
            indent + title + ": " + details.joined(separator: ", ") + (volume.map { "; files in \($0.name):" } ?? ""))
        if let fault { lines.append("\(indent)  damaged: \(PlainText.of(fault))") }
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
            lines.append("\(indent)\(volume.files.count) names, \(SizeText.exact(volume.totalSize)) in files")
            return
        }
        for file in volume.files where file.kind != .directory {
            lines.append("\(indent)/\(PlainText.of(file.path.bytes))  \(SizeText.exact(file.size))")
        }
    }
}
