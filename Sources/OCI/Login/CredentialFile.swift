public import Extents
internal import FoundationEssentials

/// Credentials that are unavailable or do not work. It never holds them.
public struct RegistryCredentialError: HintedError, Sendable, CustomStringConvertible {
    public let description: String
    public let hint: String?

    init(_ message: String, hint: String? = nil) {
        (self.description, self.hint) = (message, hint)
    }

    /// A file with other content than logins.
    init(invalid path: String) {
        self.init(
            "credentials file '\(path)' is not valid", hint: "expected JSON as 'moby login' and 'docker login' write it"
        )
    }
}

/// Docker's `config.json` or containers' `auth.json`: the user's logins by registry.
struct CredentialFile: Decodable, Sendable {
    struct Login: Decodable, Sendable {
        var auth: String?
        var username: String?
        var password: String?
        var identitytoken: String?
        var registrytoken: String?

        /// - Returns: nil for an empty entry: a helper has the login.
        var credential: RegistryCredential? {
            if let registrytoken, !registrytoken.isEmpty { return .bearer(registrytoken) }
            if let identitytoken, !identitytoken.isEmpty { return .identityToken(identitytoken) }
            if let auth, !auth.isEmpty, let data = Data(base64Encoded: auth) {
                let text = String(decoding: data, as: UTF8.self)
                guard let colon = text.firstIndex(of: ":") else { return nil }
                return .password(user: String(text[..<colon]), password: String(text[text.index(after: colon)...]))
            }
            guard let username, let password, !username.isEmpty else { return nil }
            return .password(user: username, password: password)
        }
    }

    var auths: [String: Login]?
    /// Helper by host.
    var credHelpers: [String: String]?
    /// Helper for all other hosts.
    var credsStore: String?

    /// - Returns: nil when the file does not exist.
    /// - Throws: `RegistryCredentialError` for anything but JSON of this form; `FileError`.
    init?(path: String) throws {
        guard let bytes = try HostFiles.readIfFit(path, limit: 4 << 20) else { return nil }
        do {
            self = try JSONDecoder().decode(CredentialFile.self, from: Data(bytes))
        } catch {
            throw RegistryCredentialError(invalid: path)
        }
    }

    /// The helper for a host, and the name under which it knows the host.
    func helper(for host: RegistryHost) -> (name: String, server: String)? {
        for key in host.keys {
            if let name = credHelpers?[key], !name.isEmpty { return (name, key) }
        }
        guard let credsStore, !credsStore.isEmpty else { return nil }
        return (credsStore, host.serverAddress)
    }

    /// The login for a repository: the longest path that is named wins (containers-auth.json(5)), then the host.
    func login(for host: RegistryHost, repository: String) -> RegistryCredential? {
        guard let auths else { return nil }
        let byName = Dictionary(auths.map { (RegistryHost.normalized($0.key), $0.value) }) { first, _ in first }
        var parts = repository.split(separator: "/")
        while !parts.isEmpty {
            let path = parts.joined(separator: "/")
            if let found = host.keys.lazy.compactMap({ byName["\($0)/\(path)"]?.credential }).first { return found }
            parts.removeLast()
        }
        return host.keys.lazy.compactMap { byName[RegistryHost.normalized($0)]?.credential }.first
    }
}
