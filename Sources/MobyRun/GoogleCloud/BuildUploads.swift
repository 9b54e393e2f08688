public import MobyBuild
public import MobySpec

/// What the `outputs` of 2017 do with a build: `gcp` uploads and makes an image, `gcp-storage` uploads,
/// `gcp-img` does neither.
public struct BuildUploads: Sendable {
    /// One upload, whose file is known after the build.
    public typealias Upload = (settings: GCPSettings, publication: GCPPublication)

    private let uploads: [Upload]

    private static let fileSuffix = ".img.tar.gz"

    /// Checks everything that can be checked before the build. An entry that names neither project nor bucket is not
    /// uploaded.
    /// - Parameters:
    ///   - name: what names of output files begin with.
    ///   - environment: the variables that ``GCPSettings`` reads.
    ///   - warn: called with warnings of entries that do not do what they seem to, if there are any.
    /// - Throws: `SpecError`, `CredentialError`, `RunError`.
    public init(_ spec: Spec, name: String, environment: [String: String], warn: ([Diagnostic]) -> Void) throws {
        let found = OutputCheck(spec).found
        guard found.allSatisfy({ $0.severity != .error }) else { throw SpecError(found) }
        if !found.isEmpty { warn(found) }
        uploads = try spec.outputs.filter {
            OutputCheck.uploads.contains($0.format.value) && ($0.bucket != nil || $0.project != nil)
        }
        .map { try Self.upload($0, name: name, environment) }
    }

    private static func upload(_ output: OutputSpec, name: String, _ environment: [String: String]) throws -> Upload {
        var settings = GCPSettings(environment: environment)
        settings.keys = output.keys?.value
        settings.project = output.project?.value
        settings.bucket = output.bucket?.value
        settings.family = output.family?.value
        settings.isPublic = output.isPublic == true
        var publication = try settings.publication(of: name + fileSuffix)
        publication.goal = output.format.value == "gcp" ? .image : .object
        publication.replaces = output.replace ?? false
        publication.nameOption = publication.name == nil ? "--name" : "CLOUDSDK_IMAGE_NAME"
        try publication.check()
        _ = try settings.credential
        return (settings, publication)
    }

    /// Whether the spec asks for none.
    public var isEmpty: Bool { uploads.isEmpty }

    /// The uploads of a build's files, to be carried out one after the other.
    public func uploads(of result: BuildResult) -> [Upload] {
        uploads.compactMap { settings, publication in
            guard let file = result.files.first(where: { $0.path.hasSuffix(Self.fileSuffix) }) else { return nil }
            var publication = publication
            publication.file = file.path
            return (settings, publication)
        }
    }

    /// What `--format` does not do although it looks like it; nil otherwise.
    public static func note(on formats: [String]) -> String? {
        guard formats.contains("gcp-storage") else { return nil }
        return
            "nothing is uploaded: --format gcp-storage does not name a bucket; upload the file with 'moby push gcp -bucket NAME'"
    }
}
