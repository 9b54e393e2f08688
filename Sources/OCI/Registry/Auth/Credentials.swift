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
