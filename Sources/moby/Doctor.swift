internal import ArgumentParser
internal import Extents
internal import HTTP
internal import JSON
internal import MobyBuild
internal import MobyPackage
internal import MobyRun
internal import OCI

struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Report what this host can do, and what to install.",
        discussion: HelpText.discussion(
            "Checks the store, the system images and what makes them, HTTPS and credentials, QEMU, KVM and firmware, without the network. "
                + "Exit codes: 0 'moby build' works; 1 something that it needs is missing.",
            examples: ["moby doctor", "moby doctor --json"], page: "docs/command-line.md#the-first-minute"))

    @OptionGroup var global: StoreOptions
    @OptionGroup var output: JSONOption

    /// A first build of a server, with Debian's packages, layers and segments.
    private static let storeSpace: UInt64 = 1_000_000_000
    /// Boot media and state of machines.
    private static let temporarySpace: UInt64 = 200_000_000

    func run() async throws {
        let environment = Terminal.environment
        let checks =
            [
                HostCheck.folder(
                    "store", try global.storePath(), needed: Self.storeSpace, hint: "name another folder in MOBY_CACHE"),
                HostCheck.folder(
                    "temporary files", environment["TMPDIR"] ?? "/tmp", needed: Self.temporarySpace,
                    hint: "name another folder in TMPDIR"),
            ] + (await packages()) + [
                https(environment), credentials(environment), registries(environment),
                HostCheck.clock(program: Terminal.executable),
            ] + MachineChecks.all(environment: environment)
        let isFit = !checks.contains(where: \.isFatal)
        if output.json {
            let list = JSONValue.array(checks.map(\.json))
            print(JSONValue.object([("ok", .bool(isFit)), ("checks", list)]).text(indent: 2))
        } else {
            report(checks, isFit: isFit)
        }
        if !isFit { throw ExitCode.failure }
    }

    private func report(_ checks: [HostCheck], isFit: Bool) {
        let width = checks.map(\.subject.count).max() ?? 0
        for check in checks where global.level > 0 || check.state != .ok {
            let state = check.state.rawValue + String(repeating: " ", count: 9 - check.state.rawValue.count)
            let subject = check.subject + String(repeating: " ", count: width - check.subject.count)
            print("\(state)\(subject)  \(PlainText.lines(check.detail))")
            if check.state != .ok, let hint = check.hint { print("         hint: \(PlainText.lines(hint))") }
        }
        guard global.level > 0 else { return }
        print(isFit ? "'moby build' works on this host." : "'moby build' does not work on this host; see 'missing'.")
    }

    private func packages() async -> [HostCheck] {
        do {
            let builder = try Packages.builder(store: try global.storeToRead(), platform: .host)
            return await PackageChecks.all(try Packages.installation, builder, environment: Terminal.environment)
        } catch { return [HostCheck("system images", .missing, error, isRequired: true)] }
    }

    private func https(_ environment: [String: String]) -> HostCheck {
        do {
            // Reads the bundle that a variable names.
            _ = try CurlTransport(environment: environment)
            let library = try CurlLibrary.version().prefix { $0 != " " }
            guard let bundle = try CertificateBundle.path(environment: environment) else {
                return HostCheck(
                    "https", .warning, "\(library), but no certificates of authorities",
                    hint: "apt-get install ca-certificates")
            }
            return HostCheck("https", .ok, "\(library), certificates of '\(PlainText.short(bundle))'")
        } catch { return HostCheck("https", .warning, error) }
    }

    private func registries(_ environment: [String: String]) -> HostCheck {
        do {
            guard let path = try RegistryConfiguration.path(nil, environment: environment) else {
                return HostCheck("registries", .ok, "no registries.yml: no mirrors, the usual certificates")
            }
            let rules = try RegistryConfiguration.rules(path, environment: environment)
            let counts = "\(rules.mirrors.count) of mirrors, \(rules.hosts.count) of hosts"
            return HostCheck("registries", .ok, "'\(PlainText.short(path))', rules: \(counts)")
        } catch { return HostCheck("registries", .warning, error) }
    }

    private func credentials(_ environment: [String: String]) -> HostCheck {
        let files = CredentialFiles.check(environment: environment)
        if let file = files.first(where: { $0.error != nil }), let error = file.error {
            return HostCheck("credentials", .warning, "'\(PlainText.short(file.path))': \(error)")
        }
        let names = files.map { file in
            let registries = file.registries.map { PlainText.short($0) }.joined(separator: ", ")
            return "'\(PlainText.short(file.path))'\(registries.isEmpty ? "" : ": \(registries)")"
        }
        return HostCheck(
            "credentials", .ok, names.isEmpty ? "none: registries are asked anonymously" : names.joined(separator: "; ")
        )
    }
}
