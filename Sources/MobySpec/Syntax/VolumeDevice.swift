internal import Extents

/// The disk of a volume: `LABEL=data`, `UUID=…`, or a path below `/dev`.
public enum VolumeDevice: Sendable, Equatable {
    case label(String)
    case uuid(String)
    case path(String)

    static let pattern = "^(LABEL=[A-Za-z0-9_.+-]{1,16}|UUID=[0-9A-Fa-f-]{4,36}|/dev/.+)$"

    init(_ text: String) throws(SyntaxError) {
        func rest(_ prefix: String) -> String? { text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : nil }
        func isFine(_ text: String, _ others: String) -> Bool {
            !text.isEmpty
                && text.utf8.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || others.utf8.contains($0) }
        }
        if let label = rest("LABEL=") {
            guard isFine(label, "_.+-"), label.utf8.count <= 16 else {
                throw SyntaxError(
                    "has the label '\(PlainText.short(label))'",
                    hint: "use 1 to 16 letters, digits, '-', '_', '+' and '.'")
            }
            self = .label(label)
        } else if let uuid = rest("UUID=") {
            guard isFine(uuid, "-") else { throw SyntaxError("has the UUID '\(PlainText.short(uuid))'") }
            self = .uuid(uuid)
        } else if let path = rest("/dev/"), !path.isEmpty, !path.split(separator: "/").contains("..") {
            self = .path(text)
        } else {
            throw SyntaxError(
                "is '\(PlainText.short(text))', expected LABEL=NAME, UUID=… or /dev/…",
                hint: Self.hint(text))
        }
    }

    private static func hint(_ text: String) -> String? {
        let isName = !text.isEmpty && !text.contains("/") && !text.contains("=") && text.count <= 16
        return isName ? "for a disk with that label: LABEL=\(text)" : nil
    }

    var text: String {
        switch self {
        case .label(let name): "LABEL=\(name)"
        case .uuid(let uuid): "UUID=\(uuid)"
        case .path(let path): path
        }
    }
}
