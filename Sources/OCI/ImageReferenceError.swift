internal import Extents
internal import HTTP

/// A text that is not an image reference: the wrong part and the characters allowed there.
public struct ImageReferenceError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The part that is wrong, as it was found.
    public enum Part: Equatable, Sendable {
        case empty
        case host(String)
        case port(String)
        case repository(String)
        case upperCase(String)
        case tooLong(Int)
        case hexadecimal(String)
        case tag(String)
        case digest(String)
    }

    /// The whole text.
    public let text: String
    /// The part that is wrong.
    public let part: Part

    init(_ text: String, _ part: Part) {
        self.text = text
        self.part = part
    }

    public var description: String {
        if let end = text.firstRange(of: "://")?.upperBound {
            return
                "'\(WebURL.shown(text))' is a URL, expected an image reference; leave out '\(PlainText.short(text[..<end]))'"
        }
        return "'\(PlainText.short(text))' is not an image reference: \(reason)"
    }

    private var reason: String {
        switch part {
        case .empty: "it has no name; write for example 'nginx:1.27'"
        case .host(let found):
            "host '\(PlainText.short(found))' may have letters, digits, '-' and '.', or be an IPv6 address in brackets"
        case .port(let found): "port '\(PlainText.short(found))' is not a number from 1 to 65535"
        case .repository(let found):
            "repository part '\(PlainText.short(found))' may have a-z and 0-9, with '.', '_', '__' or '-' between them"
        case .upperCase(let found):
            "repository '\(PlainText.short(found))' must be lower case; write '\(PlainText.short(found.lowercased()))'"
        case .tooLong(let count): "its name is \(count) characters long; the limit is 255"
        case .hexadecimal(let found):
            "'\(PlainText.short(found))' would be read as a digest; write '@sha256:\(PlainText.short(found))' after a repository"
        case .tag(let found):
            "tag '\(PlainText.short(found))' may have letters, digits, '_', '.' and '-', at most 128, not beginning with '.' or '-'"
        case .digest(let found): "digest '\(PlainText.short(found))' is not 'sha256:' with 64 digits 0-9 and a-f"
        }
    }
}
