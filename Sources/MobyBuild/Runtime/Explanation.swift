public import JSON
public import MobySpec

/// A container's final configuration with the origin of each value: what `moby explain` prints.
public struct Explanation: Sendable {
    public let container: ContainerSpec
    public let placement: BundleLocation
    public let config: RuntimeConfig

    /// `config.json` as it is written, with a column of origins to the right.
    public var text: String {
        var lines: [(text: String, origin: String?)] = []
        Explanation.write(config.config, key: nil, depth: 0, last: true, into: &lines)
        let width = min(lines.filter { $0.origin != nil }.map(\.text.count).max() ?? 0, 72)
        let body = lines.map { line in
            guard let origin = line.origin else { return line.text }
            return line.text + String(repeating: " ", count: max(0, width - line.text.count)) + "  # " + origin
        }
        let record = config.recordOrigins.map { "\(placement.bundle)/runtime.json\($0.pointer)  # \($0.origin)" }
        return (["\(placement.bundle)/config.json"] + body + record).joined(separator: "\n") + "\n"
    }

    /// The same for programs: `config` and `origins` by JSON pointer.
    public var json: JSONValue {
        func list(_ origins: [(pointer: String, origin: Origin)]) -> JSONValue {
            .object(origins.map { ($0.pointer, .string($0.origin.description)) })
        }
        return .object([
            ("bundle", .string(placement.bundle)), ("image", .string(placement.imageTree)),
            ("config", config.config.json),
            ("origins", list(config.config.origins)), ("runtimeOrigins", list(config.recordOrigins)),
        ])
    }

    private static func write(
        _ value: JSONWithOrigins, key: String?, depth: Int, last: Bool,
        into lines: inout [(text: String, origin: String?)]
    ) {
        let indent = String(repeating: "    ", count: depth)
        let head = indent + (key.map { JSONValue.string($0).text(indent: 0) + ": " } ?? "")
        let comma = last ? "" : ","
        switch value {
        // Hundreds of lines, and rarely read: the JSON form has them.
        case .value(.object, let origin) where key == "seccomp":
            lines.append((head + "{…}" + comma, origin.description))
        case .value(let json, let origin):
            let text = json.text(indent: 4).split(separator: "\n", omittingEmptySubsequences: false)
            for (index, line) in text.enumerated() {
                let end = index == text.count - 1 ? comma : ""
                lines.append(
                    (index == 0 ? head + line + end : indent + line + end, index == 0 ? origin.description : nil))
            }
        case .array(let items):
            lines.append((head + "[", nil))
            for (index, item) in items.enumerated() {
                write(item, key: nil, depth: depth + 1, last: index == items.count - 1, into: &lines)
            }
            lines.append((indent + "]" + comma, nil))
        case .object(let members):
            lines.append((head + "{", nil))
            for (index, member) in members.enumerated() {
                write(member.value, key: member.key, depth: depth + 1, last: index == members.count - 1, into: &lines)
            }
            lines.append((indent + "}" + comma, nil))
        }
    }
}
