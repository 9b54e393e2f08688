/// Registries that a user names with or without a port.
struct HostSet: Sendable {
    private let names: Set<String>

    init(_ names: [String]) { self.names = Set(names.map { $0.lowercased() }) }

    /// - Parameters:
    ///   - host: without port; an IPv6 address in brackets.
    ///   - port: nil when the host was named without one.
    func contains(host: String, port: Int?) -> Bool {
        let host = host.lowercased()
        return names.contains(host) || port.map { names.contains("\(host):\($0)") } ?? false
    }

    /// Host and port of a registry.
    static func split(_ registry: String) -> (host: String, port: Int?) {
        guard let colon = registry.lastIndex(of: ":"), !registry.hasSuffix("]"),
            let port = Int(registry[registry.index(after: colon)...])
        else {
            return (registry, nil)
        }
        return (String(registry[..<colon]), port)
    }
}
