public import Extents
public import GCP
public import HTTP

/// What options, an entry of `outputs`, and the variables of gcloud and LinuxKit say about Google Cloud. An option wins
/// over its variable, and an empty text counts as unset.
public struct GCPSettings: Sendable {
    /// Path of a credentials file.
    public var keys: String?
    public var project: String?
    public var bucket: String?
    public var family: String?
    public var imageName: String?
    public var isPublic = false
    public var isNested = false
    public var bootsFromUEFI = false
    private let environment: [String: String]

    public init(environment: [String: String]) { self.environment = environment }

    private func value(_ option: String?, _ variable: String) -> String? {
        let text = option ?? environment[variable]
        return text.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Checks nothing with Google.
    /// - Throws: `CredentialError` for a file that cannot be used.
    public var credential: Credential {
        get throws {
            let option = keys == nil ? "CLOUDSDK_COMPUTE_KEYS" : "--keys"
            return try Credential.find(
                keys: value(keys, "CLOUDSDK_COMPUTE_KEYS"), option: option, environment: environment)
        }
    }

    public func client(transport: any HTTPTransport) throws -> GoogleClient {
        GoogleClient(try credential, transport: transport, endpoints: Endpoints(environment: environment))
    }

    /// The project, else that of the credential.
    /// - Throws: ``MissingProject``; `CredentialError`.
    public var projectID: String {
        get throws {
            if let named = value(project, "CLOUDSDK_CORE_PROJECT") { return named }
            guard let own = try credential.project else { throw MissingProject() }
            return own
        }
    }

    /// The file as an object and an image; as in LinuxKit, an image of this name is replaced.
    /// - Throws: ``MissingProject``, ``RunError``, `CredentialError`.
    public func publication(of file: String) throws -> GCPPublication {
        var publication = GCPPublication(file, project: try projectID)
        publication.bucket = value(bucket, "CLOUDSDK_IMAGE_BUCKET")
        publication.family = value(family, "CLOUDSDK_IMAGE_FAMILY")
        publication.name = value(imageName, "CLOUDSDK_IMAGE_NAME")
        publication.isPublic = try readsPublicly
        publication.nested = isNested
        publication.uefi = bootsFromUEFI ? true : nil
        publication.replaces = true
        return publication
    }

    private var readsPublicly: Bool {
        get throws {
            guard !isPublic, let word = value(nil, "CLOUDSDK_IMAGE_PUBLIC") else { return isPublic }
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
}

/// Neither options, variables nor the credential name a project.
public struct MissingProject: HintedError, CustomStringConvertible {
    public var description: String { "no project is named" }
    public var hint: String? { "name it with --project or CLOUDSDK_CORE_PROJECT" }
}
