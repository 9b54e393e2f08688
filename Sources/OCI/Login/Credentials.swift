internal import Extents
internal import FoundationEssentials
internal import Glibc
internal import Progress

/// Where credentials come from: the first file that knows a host wins.
struct Credentials: Sendable {
    let environment: [String: String]
    private let progress: Reporter
    /// What is used for every host instead of the files.
    private let given: RegistryCredential?

    init(environment: [String: String], given: RegistryCredential? = nil, progress: Reporter = .silent) {
        self.environment = environment
        self.given = given
        self.progress = progress
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
        if let given { return given }
        for path in files {
            let found: CredentialFile?
            do { found = try CredentialFile(path: path) } catch let error as FileError where error.code == EACCES {
                // The environment of another user, as after su(1): public images need no credentials.
                progress.warn("credentials file is not readable: \(error)")
                continue
            }
            guard let file = found else { continue }
            if let login = file.login(for: host, repository: repository) { return login }
            guard let helper = file.helper(for: host) else { continue }
            let program = try CredentialHelper(name: helper.name, environment: environment, progress: progress)
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

/// The files with logins, for `moby doctor`.
public enum CredentialFiles {
    /// A file that exists.
    public struct Found: Sendable {
        public let path: String
        /// The registries that it names.
        public let hosts: [String]
        /// The same, each with the helper that has the login instead.
        public let registries: [String]
        /// Why it cannot be used.
        public let error: (any Error)?
    }

    /// Those that exist, in the order in which they are asked.
    public static func check(environment: [String: String]) -> [Found] {
        Credentials(environment: environment).files.compactMap { path in
            do {
                guard let file = try CredentialFile(path: path) else { return nil }
                return Found(path: path, hosts: file.hosts, registries: file.registries, error: nil)
            } catch { return Found(path: path, hosts: [], registries: [], error: error) }
        }
    }
}

extension CredentialFile {
    /// The hosts that it names, in order.
    fileprivate var hosts: [String] {
        let names = Set((auths ?? [:]).keys).union((credHelpers ?? [:]).keys)
        return Set(names.map { RegistryHost.canonical($0) }).sorted()
    }

    /// For people: hosts with the names of helpers.
    fileprivate var registries: [String] {
        let named = hosts.map { name in
            guard let helper = helper(for: RegistryHost(name: name)) else { return name }
            return "\(name) (helper '\(helper.name)')"
        }
        guard named.isEmpty, let credsStore, !credsStore.isEmpty else { return named }
        return ["helper '\(credsStore)'"]
    }
}
