/// How the guest is connected.
public enum Networking: Hashable, Sendable {
    /// QEMU's own small router: outgoing connections, and published ports.
    case user
    /// A tap interface that exists already.
    case tap(interface: String)
    /// A bridge, joined through QEMU's bridge helper.
    case bridge(String)
    case none

    /// Reads `user`, `default`, `none`, `tap,INTERFACE` or `bridge,BRIDGE`.
    /// - Throws: ``RunError`` that quotes the text.
    public init(parsing text: String) throws {
        let parts = text.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        switch (parts[0], parts.count == 2 ? parts[1] : nil) {
        case ("user", nil), ("default", nil), ("", nil): self = .user
        case ("none", nil): self = .none
        case ("tap", let name?) where Networking.isInterface(name): self = .tap(interface: name)
        case ("bridge", let name?) where Networking.isInterface(name): self = .bridge(name)
        default:
            throw RunError(
                "--networking: '\(text)' is unknown", hint: "one of user, tap,INTERFACE, bridge,BRIDGE, none")
        }
    }

    /// IFNAMSIZ is 16 with the closing zero; a comma would start another option of QEMU's.
    private static func isInterface(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count < 16 && !name.contains(",") && !name.contains("/")
    }
}
