internal import ArgumentParser
internal import Extents
internal import Glibc
internal import OCI

struct Login: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "login", abstract: "Log in to a registry.",
        discussion: HelpText.discussion(
            """
            Asks for what is not given, checks it at the registry, and keeps it where Docker and Podman look too: in the first of $REGISTRY_AUTH_FILE, \
            ~/.docker/config.json and containers/auth.json that exists, or with the credential helper that this file names. Docker Hub is docker.io.
            """,
            examples: [
                "moby login ghcr.io", "moby login --username ci --password-stdin registry.example:5000",
            ],
            page: "docs/registries.md#logging-in"))

    @OptionGroup(title: "Message options") var messages: GlobalOptions
    @OptionGroup(title: "Network options") var access: RegistryAccessOptions
    @OptionGroup(title: "Network options") var web: WebOptions
    @Option(name: .shortAndLong, help: ArgumentHelp("User name (default: it is asked for).", valueName: "name"))
    var username: String?
    @Flag(help: "Read the password or token from standard input.") var passwordStdin = false
    @Argument(
        help: "Host of the registry, with its port unless that is 443.", completion: Completions.registries)
    var registry: String

    mutating func validate() throws {
        if passwordStdin, username == nil { throw ValidationError("--password-stdin needs --username") }
        if username?.isEmpty == true { throw ValidationError("--username is empty") }
        if username?.contains(":") == true {
            throw ValidationError("--username has a ':', which user names cannot have")
        }
    }

    func run() async throws {
        let registry = try usage { try RegistryName(self.registry) }
        if !passwordStdin { try LoginPrompt.check() }
        let user = try username ?? LoginPrompt.line("User name at '\(registry)': ")
        let password =
            passwordStdin
            ? try LoginPrompt.passwordFromInput() : try LoginPrompt.secret("Password of '\(user)' at '\(registry)': ")
        let login = RegistryLogin(options: try access.provider(web), progress: Terminal.display.reporter)
        let result = try await ContextError.wrapping("logging in to '\(registry)'") {
            try await login.logIn(registry, user: user, password: password)
        }
        guard messages.level > 0 else { return }
        if !result.isChecked {
            Terminal.error(
                "note: '\(registry)' answers without a login, so the password was not checked", .note)
        }
        print("logged in to '\(registry)' as '\(PlainText.short(user))'; \(result.place.text(verb: "kept"))")
        if result.place.helper == nil {
            Terminal.error(
                "note: the password is in the file as it is, readable for you only; a credential helper ('credsStore') encrypts it",
                .note)
        }
    }
}

struct Logout: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logout", abstract: "Remove the login for a registry.",
        discussion: HelpText.discussion(
            "Removes it from every file, and every credential helper, that moby asks. Exit code 1 when there was none.",
            examples: ["moby logout ghcr.io"], page: "docs/registries.md#logging-in"))

    @OptionGroup(title: "Message options") var messages: GlobalOptions
    @Argument(help: "Host of the registry.", completion: Completions.registries) var registry: String

    func run() async throws {
        let registry = try usage { try RegistryName(self.registry) }
        var options = ImageProvider.Options()
        options.environment = Terminal.environment
        let login = RegistryLogin(options: options, progress: Terminal.display.reporter)
        let places = try await ContextError.wrapping("logging out of '\(registry)'") {
            try await login.logOut(registry)
        }
        guard !places.isEmpty else {
            Terminal.error("error: not logged in to '\(registry)'", .error)
            throw ExitCode.failure
        }
        guard messages.level > 0 else { return }
        for place in places { print("logged out of '\(registry)'; \(place.text(verb: "removed"))") }
    }
}

extension RegistryLogin.Place {
    fileprivate func text(verb: String) -> String {
        let preposition = verb == "removed" ? "from" : helper == nil ? "in" : "by"
        let program = helper.map { "'\(PlainText.short($0))', the helper of " } ?? ""
        return "\(verb) \(preposition) \(program)'\(PlainText.short(file))'"
    }
}
