internal import FoundationEssentials

/// Where credentials come from: the first file that knows a host wins.
struct Credentials: Sendable {
    private let environment: [String: String]
    private let notice: @Sendable (String) -> Void

    /// - Parameter notice: called with one line when a helper is waited for.
    init(environment: [String: String], notice: @escaping @Sendable (String) -> Void = { _ in }) {
        self.environment = environment
        self.notice = notice
    }

    /// `$REGISTRY_AUTH_FILE`, Docker's `config.json`, then containers' `auth.json`.
    var files: [String] {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let home = value("HOME")
        return [
            value("REGISTRY_AUTH_FILE"),
            value("DOCKER_CONFIG").map { "\($0)/config.json" } ?? home.map { "\($0)/.docker/config.json" },
            value("XDG_RUNTIME_DIR").map { "\($0)/containers/auth.json" },
            (value("XDG_CONFIG_HOME") ?? home.map { "\($0)/.config" }).map { "\($0)/containers/auth.json" },
        ].compactMap(\.self)
    }

    /// - Returns: nil when nobody knows this host: it is asked without a name.
    func credential(for host: RegistryHost, repository: String) async throws -> Credential? {
        for path in files {
            guard let file = try CredentialFile(path: path) else { continue }
            if let login = file.login(for: host, repository: repository) { return login }
            guard let helper = file.helper(for: host) else { continue }
            let program = try CredentialHelper(name: helper.name, environment: environment, notice: notice)
            if let found = try await program.credential(for: helper.server) { return found }
        }
        return nil
    }
}

/// What proves to a registry who asks. It never appears in messages.
enum Credential: Equatable, Sendable, CustomStringConvertible {
    case password(user: String, password: String)
    /// A refresh token, exchanged for access tokens (`identitytoken`).
    case identityToken(String)
    /// A bearer token that is used as it is (`registrytoken`).
    case bearer(String)

    /// The value of `Authorization` for the basic scheme (RFC 7617); nil for tokens.
    var basic: String? {
        guard case .password(let user, let password) = self else { return nil }
        return "Basic \(Data("\(user):\(password)".utf8).base64EncodedString())"
    }

    var description: String {
        switch self {
        case .password(let user, _): "password of '\(user)'"
        case .identityToken: "identity token"
        case .bearer: "registry token"
        }
    }
}

/// Credentials that cannot be had or do not work. It never holds them.
public struct CredentialError: Error, Sendable, CustomStringConvertible {
    let message: String
    let hint: String?

    init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }

    public var description: String { hint.map { "\(message)\n  hint: \($0)" } ?? message }
}

/// Docker's `config.json` or containers' `auth.json`: who we are at which registry.
struct CredentialFile: Decodable, Sendable {
    struct Login: Decodable, Sendable {
        var auth: String?
        var username: String?
        var password: String?
        var identitytoken: String?
        var registrytoken: String?

        /// - Returns: nil for an empty entry, which says that a helper knows.
        var credential: Credential? {
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

    /// - Returns: nil when there is no such file.
    /// - Throws: `CredentialError` when it is no JSON of this form.
    init?(path: String) throws {
        guard let bytes = SmallFile.read(path, limit: 4 << 20) else { return nil }
        do {
            self = try JSONDecoder().decode(CredentialFile.self, from: Data(bytes))
        } catch {
            throw CredentialError(
                "credentials file '\(path)' is not valid", hint: "it must be JSON as 'docker login' writes it")
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
    func login(for host: RegistryHost, repository: String) -> Credential? {
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
