internal import ArgumentParser
internal import Cloud
internal import Extents
internal import FoundationEssentials
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

    /// The options; what is not given is looked up in the environment.
    var settings: GCPSettings {
        var settings = GCPSettings(environment: Terminal.environment)
        (settings.keys, settings.project, settings.bucket) = (keys, project, bucket)
        (settings.family, settings.imageName) = (family, imgName)
        settings.isPublic = `public`
        settings.isNested = nestedVirt
        settings.bootsFromUEFI = uefiCompatible
        return settings
    }

    /// - Parameter command: what the user typed, for the hint on its help.
    func projectID(for command: [String]) throws -> String {
        do { return try settings.projectID } catch let error as MissingProject {
            throw UsageError(error.description, hint: error.hint, command: command)
        }
    }

    /// - Parameter command: as in ``projectID(for:)``.
    func publication(of file: String, for command: [String]) throws -> GCPPublication {
        _ = try projectID(for: command)
        return try settings.publication(of: file)
    }

    /// Carries out a job, or prints its requests.
    func run(_ job: GCPJob, level: Int, _ certificateFiles: [String]) async throws {
        try await GoogleRun(settings, dryRun: dryRun, json: json).run(job, level: level, certificateFiles)
    }
}

/// Carries out a job and shows what happens.
struct GoogleRun {
    private let settings: GCPSettings
    private let dryRun: Bool
    private let json: Bool

    /// - Parameters:
    ///   - dryRun: prints the requests instead.
    ///   - json: prints the result, or the requests, for programs.
    init(_ settings: GCPSettings, dryRun: Bool = false, json: Bool = false) {
        (self.settings, self.dryRun, self.json) = (settings, dryRun, json)
    }

    func run(_ job: GCPJob, level: Int, _ certificateFiles: [String]) async throws {
        let transport = try CurlTransport(environment: Terminal.environment, certificateFiles: certificateFiles)
        let cloud = GoogleCloud(job, client: try settings.client(transport: transport), host: host(level))
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
