internal import Extents

/// An entry of `binds`: `source:destination[:options]`.
struct BindText {
    let source: String
    let destination: String
    /// nil when there is no third part.
    let options: [String]?

    init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 || parts.count == 3 else { return nil }
        source = parts[0]
        destination = parts[1]
        options = parts.count == 3 ? parts[2].split(separator: ",").map(String.init) : nil
    }

    /// The bind with a destination that begins with '/', which is what runc makes of one that does not.
    static func mended(_ text: String) -> (value: String, reason: SyntaxFault)? {
        guard let bind = BindText(text), let (destination, reason) = GuestPath.mended(destination: bind.destination)
        else { return nil }
        let options = bind.options.map { ":" + $0.joined(separator: ",") } ?? ""
        return ("\(bind.source):\(destination)\(options)", reason)
    }

    static func check(_ text: String) -> SyntaxFault? {
        let hint = "for example /etc/resolv.conf:/etc/resolv.conf:ro"
        guard let bind = BindText(text), !bind.source.isEmpty else {
            return SyntaxFault("is '\(PlainText.short(text))', expected source:destination[:options]", hint: hint)
        }
        return GuestPath.check(destination: bind.destination, of: text)
    }
}
