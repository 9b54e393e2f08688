public import Extents
internal import HTTP
public import Progress

/// A registry to log in to, as references name it.
public struct RegistryName: Sendable, Hashable, CustomStringConvertible {
    /// Host and port; Docker Hub is `docker.io`.
    public let description: String

    /// Reads `ghcr.io`, `localhost:5000`, and what Docker's files call Docker Hub.
    /// - Throws: ``RegistryNameError``.
    public init(_ text: String) throws {
        let name = RegistryHost.canonical(text).lowercased()
        if let slash = name.firstIndex(of: "/") {
            throw RegistryNameError(text: text, host: String(name[..<slash]))
        }
        guard let reference = try? ImageReference("\(name)/x"), reference.registry == name else {
            throw RegistryNameError(text: text, host: nil)
        }
        description = name
    }
}

/// A text that does not name a registry.
public struct RegistryNameError: HintedError, CustomStringConvertible {
    let text: String
    /// Of the registry, when the text names something in it.
    let host: String?

    public var description: String { "'\(WebURL.shown(text))' is not the name of a registry" }
    public var hint: String? {
        host.map { "log in to the whole registry: \(PlainText.short($0))" }
            ?? "write its host, with a port unless it is 443: ghcr.io, registry.example:5000"
    }
}

/// Logs in to registries and out of them, in the files that Docker and Podman use too.
public struct RegistryLogin: Sendable {
    /// Where a login is.
    public struct Place: Sendable {
        public let file: String
        /// The program that has it; nil when the file itself has it.
        public let helper: String?
    }

    /// What became of a login.
    public struct Result: Sendable {
        public let place: Place
        /// Whether the registry asked for a login; else nothing was checked.
        public let isChecked: Bool
    }

    private let options: ImageProvider.Options
    private let progress: Reporter
    private let retry: RetryPolicy
    private var environment: [String: String] { options.environment }

    public init(options: ImageProvider.Options, progress: Reporter) {
        self.init(options: options, progress: progress, retry: RetryPolicy())
    }

    init(options: ImageProvider.Options, progress: Reporter, retry: RetryPolicy) {
        (self.options, self.progress, self.retry) = (options, progress, retry)
    }

    /// Checks user and password at the registry, then keeps them, or the token that the registry gives for them.
    /// - Throws: `RegistryCredentialError` when the registry refuses them; `RegistryError`, `FileError`.
    public func logIn(_ registry: RegistryName, user: String, password: String) async throws -> Result {
        let credential = RegistryCredential.password(user: user, password: password)
        let (isChecked, token) = try await check(credential, at: registry)
        let place = try await keep(token.map { .identityToken($0) } ?? credential, for: registry)
        return Result(place: place, isChecked: isChecked)
    }

    /// Removes the login from every file and helper that is asked for one.
    /// - Returns: where there was one.
    /// - Throws: `RegistryCredentialError`, `FileError`.
    public func logOut(_ registry: RegistryName) async throws -> [Place] {
        let host = RegistryHost(name: registry.description)
        var places: [Place] = []
        for path in Credentials(environment: environment).files {
            guard let known = try CredentialFile(path: path) else { continue }
            var helper: String?
            if let named = known.helper(for: host) {
                let program = try CredentialHelper(name: named.name, environment: environment, progress: progress)
                if try await program.erase(named.server) { helper = program.program }
            }
            var file = try LoginFile(path: path)
            let isWritten = file.remove(host)
            if isWritten { try file.write() }
            if isWritten || helper != nil { places.append(Place(file: path, helper: helper)) }
        }
        return places
    }

    private func check(_ credential: RegistryCredential, at registry: RegistryName) async throws -> (Bool, String?) {
        let credentials = Credentials(environment: environment, given: credential)
        let client = try RegistryClient(options: options, credentials: credentials, retry: retry, progress: progress)
        do {
            return try await client.logIn(at: client.origin(of: registry.description))
        } catch let error as RegistryError {
            switch error.status {
            case 401, 403:
                throw RegistryCredentialError(
                    "registry '\(registry)' refuses this user and password: \(error)",
                    hint: "check both; with two-factor login, registries want an access token as the password")
            case 404: throw RegistryCredentialError("'\(registry)' is not a registry: \(error)", hint: "check its name")
            default: throw error
            }
        }
    }

    private func keep(_ credential: RegistryCredential, for registry: RegistryName) async throws -> Place {
        let host = RegistryHost(name: registry.description)
        let path = try target()
        var file = try LoginFile(path: path)
        if let named = try CredentialFile(path: path)?.helper(for: host) {
            let program = try CredentialHelper(name: named.name, environment: environment, progress: progress)
            try await program.store(credential, for: named.server)
            file.set(nil, for: host)
            try file.write()
            return Place(file: path, helper: program.program)
        }
        file.set(credential, for: host)
        try file.write()
        return Place(file: path, helper: nil)
    }

    /// The file that is asked first of those that exist, so that nothing hides the login; else the first that may be
    /// made.
    private func target() throws -> String {
        let files = Credentials(environment: environment).files
        if let named = environment["REGISTRY_AUTH_FILE"], !named.isEmpty { return named }
        guard let file = try files.first(where: { try HostFiles.exists($0) }) ?? files.first else {
            throw RegistryCredentialError(
                "no place for a login: neither HOME nor DOCKER_CONFIG is set", hint: "name a file in REGISTRY_AUTH_FILE"
            )
        }
        return file
    }
}
