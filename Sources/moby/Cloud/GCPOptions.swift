internal import ArgumentParser
internal import Cloud
internal import Extents
internal import FoundationEssentials
internal import GCP
internal import Glibc
internal import HTTP
internal import MobyRun

/// The options of every verb that talks to Google Cloud. A flag wins over the environment.
struct GCPOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Key of a service account (default: $CLOUDSDK_COMPUTE_KEYS, else application default credentials).",
            valueName: "file"),
        completion: .file())
    var keys: String?
    @Option(help: ArgumentHelp("Project (default: $CLOUDSDK_CORE_PROJECT, else the key's).", valueName: "id"))
    var project: String?
    @Option(
        help: ArgumentHelp(
            "Bucket for the upload (default: $CLOUDSDK_IMAGE_BUCKET, else PROJECT-moby-images).", valueName: "name"))
    var bucket: String?
    @Flag(help: "Let everyone read the uploaded file ($CLOUDSDK_IMAGE_PUBLIC=true).") var `public` = false
    @Option(help: ArgumentHelp("Family of the image (default: $CLOUDSDK_IMAGE_FAMILY).", valueName: "name")) var family:
        String?
    @Option(
        help: ArgumentHelp("Name of the image (default: $CLOUDSDK_IMAGE_NAME, else the file's).", valueName: "name"))
    var imgName: String?
    @Flag(help: "Let machines made from the image run virtual machines themselves.") var nestedVirt = false
    @Flag(help: "The image boots by UEFI (default: detected from the disk).") var uefiCompatible = false
    @Flag(help: "Print the requests to Google without sending them.") var dryRun = false
    @Flag(help: "Print the result as JSON.") var json = false

    private static func value(_ option: String?, _ variable: String) -> String? {
        let text = option ?? Terminal.environment[variable]
        return text.flatMap { $0.isEmpty ? nil : $0 }
    }

    func client(_ certificateFiles: [String]) throws -> GoogleClient {
        let environment = Terminal.environment
        return GoogleClient(
            try credential, transport: try CurlTransport(environment: environment, certificateFiles: certificateFiles),
            endpoints: Endpoints(environment: environment))
    }

    private var credential: Credential {
        get throws {
            let option = keys == nil ? "CLOUDSDK_COMPUTE_KEYS" : "--keys"
            return try Credential.find(
                keys: Self.value(keys, "CLOUDSDK_COMPUTE_KEYS"), option: option, environment: Terminal.environment)
        }
    }

    /// Reads the file of credentials, when one is named.
    func checkCredentials() throws { _ = try credential }

    /// `--public`, or the variable.
    private var isPublic: Bool {
        get throws {
            guard !`public`, let word = Self.value(nil, "CLOUDSDK_IMAGE_PUBLIC") else { return `public` }
            switch word.lowercased() {
            case "true", "t", "1", "yes": return true
            case "false", "f", "0", "no": return false
            default:
                throw RunError(
                    "CLOUDSDK_IMAGE_PUBLIC is '\(PlainText.short(word))', expected true or false",
                    hint: "unset it, or use the option --public")
            }
        }
    }

    /// - Parameter command: what the user typed, for the hint on its help; nil in a build, where a missing project is
    ///   not a usage error.
    func projectID(for command: [String]? = nil) throws -> String {
        if let named = Self.value(project, "CLOUDSDK_CORE_PROJECT") { return named }
        if let own = try credential.project { return own }
        let (message, hint) = ("no project is named", "name it with --project or CLOUDSDK_CORE_PROJECT")
        if let command { throw UsageFault(message, hint: hint, command: command) }
        throw RunError(message, hint: hint)
    }

    func publication(of file: String, for command: [String]? = nil) throws -> GCPPublication {
        var publication = GCPPublication(file, project: try projectID(for: command))
        publication.bucket = Self.value(bucket, "CLOUDSDK_IMAGE_BUCKET")
        publication.family = Self.value(family, "CLOUDSDK_IMAGE_FAMILY")
        publication.name = imageName
        publication.isPublic = try isPublic
        publication.nested = nestedVirt
        publication.uefi = uefiCompatible ? true : nil
        // As in LinuxKit: an image of this name is replaced.
        publication.replaces = true
        return publication
    }

    var imageName: String? { Self.value(imgName, "CLOUDSDK_IMAGE_NAME") }

    /// Carries out a job, or prints its requests.
    func run(_ job: GCPJob, level: Int, _ certificateFiles: [String]) async throws {
        let cloud = GoogleCloud(job, client: try client(certificateFiles), host: host(level))
        let plan = try cloud.plan()
        if dryRun { return print(json ? try plan.json : plan.description) }
        let result = try await cloud.runInteractively(plan)
        if json { return print(String(decoding: try JSONText.pretty(result), as: UTF8.self)) }
        guard level > 0, case .push = job else { return }
        for line in [result.object, result.image].compactMap(\.self) { print(line) }
    }

    /// Standard output has the result when JSON is wanted, else the console.
    private func host(_ level: Int) -> CloudHost {
        CloudHost(
            log: { if level > 0 { Terminal.error("moby: \($0)") } },
            console: { [json] text in
                guard json else { return Terminal.live(text) }
                Terminal.display.aside { Terminal.write(text, to: STDERR_FILENO) }
            }, progress: Terminal.display.reporter)
    }
}
