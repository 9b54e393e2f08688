internal import ArgumentParser
internal import MobyBuild
internal import MobyRun
internal import MobySpec

/// What the `outputs` of 2017 do with a build: `gcp` uploads and makes an image, `gcp-storage` uploads,
/// `gcp-img` does neither.
struct BuildUploads {
    private let uploads: [(options: GCPOptions, publication: GCPPublication)]

    /// Checks everything that can be checked before the build. An entry that names neither project nor bucket is not
    /// uploaded.
    /// - Parameter name: what names of output files begin with.
    /// - Throws: `SpecError`, `CredentialError`, `RunError`.
    init(_ spec: Spec, name: String) throws {
        let found = OutputCheck(spec).found
        guard found.allSatisfy({ $0.severity != .error }) else { throw SpecError(found) }
        if !found.isEmpty { Terminal.error(SpecInput.render(found), .warning) }
        uploads = try spec.outputs.filter {
            OutputCheck.uploads.contains($0.format.value) && ($0.bucket != nil || $0.project != nil)
        }
        .map { try Self.upload($0, name: name) }
    }

    private static func upload(_ output: OutputSpec, name: String) throws -> (GCPOptions, GCPPublication) {
        let named = [
            ("--keys", output.keys), ("--project", output.project), ("--bucket", output.bucket),
            ("--family", output.family),
        ]
        let words = named.flatMap { option, value in value.map { [option, $0.value] } ?? [] }
        let options = try GCPOptions.parse(words + (output.isPublic == true ? ["--public"] : []))
        var publication = try options.publication(of: name + fileSuffix)
        publication.goal = output.format.value == "gcp" ? .image : .object
        publication.replaces = output.replace ?? false
        publication.nameOption = options.imageName == nil ? "--name" : "CLOUDSDK_IMAGE_NAME"
        try publication.check()
        try options.checkCredentials()
        return (options, publication)
    }

    private static let fileSuffix = ".img.tar.gz"

    /// Whether the spec asks for none.
    var isEmpty: Bool { uploads.isEmpty }

    /// Does it, one after the other.
    func run(_ result: BuildResult, level: Int, _ certificateFiles: [String]) async throws {
        for (options, upload) in uploads {
            guard let file = result.files.first(where: { $0.path.hasSuffix(Self.fileSuffix) }) else { continue }
            var publication = upload
            publication.file = file.path
            if publication.bucket == nil, level > 0 {
                Terminal.error("moby: no bucket given: uploading to gs://\(publication.bucketName)")
            }
            try await options.run(.push(publication), level: level, certificateFiles)
        }
    }

    /// What `--format` does not do although it looks like it; nil otherwise.
    static func note(on formats: [String]) -> String? {
        guard formats.contains("gcp-storage") else { return nil }
        return
            "moby: nothing is uploaded: --format gcp-storage does not name a bucket; upload the file with 'moby push gcp -bucket NAME'"
    }
}
