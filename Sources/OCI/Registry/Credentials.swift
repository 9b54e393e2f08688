public import Extents
internal import FoundationEssentials
internal import Glibc

/// Where credentials come from: the first file that knows a host wins.
struct Credentials: Sendable {
    private let environment: [String: String]
    private let notice: @Sendable (String) -> Void

    /// - Parameter notice: called with one line for a slow helper or an unreadable file.
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

    /// - Returns: nil when no file has this host: requests to it are anonymous.
    func credential(for host: RegistryHost, repository: String) async throws -> RegistryCredential? {
        for path in files {
            let found: CredentialFile?
            do { found = try CredentialFile(path: path) } catch let error as FileError where error.code == EACCES {
                // The environment of another user, as after su(1): public images need no credentials.
                notice("warning: credentials file is not readable: \(error)")
                continue
            }
            guard let file = found else { continue }
            if let login = file.login(for: host, repository: repository) { return login }
            guard let helper = file.helper(for: host) else { continue }
            let program = try CredentialHelper(name: helper.name, environment: environment, notice: notice)
            if let found = try await program.credential(for: helper.server) { return found }
        }
        return nil
    }
}

/// Identifies the user to a registry. It never appears in messages.
enum RegistryCredential: Equatable, Sendable, CustomStringConvertible {
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

/// Credentials that are unavailable or do not work. It never holds them.
public struct RegistryCredentialError: HintedError, Sendable, CustomStringConvertible {
    public let description: String
    public let hint: String?

    init(_ message: String, hint: String? = nil) {
        (self.description, self.hint) = (message, hint)
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
            throw RegistryCredentialError(
                "credentials file '\(path)' is not valid", hint: "expected JSON as 'docker login' writes it")
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
