internal import ArgumentParser
internal import MobyBuild
internal import MobyRun
internal import MobySpec

/// What the `outputs` of 2017 want done with a build: `gcp` uploads and makes an image, `gcp-storage` uploads, `gcp-img` does neither.
struct BuildUploads {
    private let outputs: [OutputSpec]

    /// An entry that names neither project nor bucket stays here.
    init(_ spec: Spec) {
        outputs = spec.outputs.filter { ["gcp", "gcp-storage"].contains($0.format.value) && ($0.bucket != nil || $0.project != nil) }
    }

    /// Does it, one after the other.
    func run(_ result: BuildResult, _ global: GlobalOptions) async throws {
        for output in outputs {
            guard let file = result.files.first(where: { $0.path.hasSuffix(".img.tar.gz") }) else { continue }
            let named = [
                ("--keys", output.keys), ("--project", output.project), ("--bucket", output.bucket), ("--family", output.family),
            ]
            let words = named.flatMap { name, value in value.map { [name, $0] } ?? [] }
            let options = try GCPOptions.parse(words + (output.isPublic == true ? ["--public"] : []))
            var publication = try options.publication(of: file.path)
            publication.goal = output.format.value == "gcp" ? .image : .object
            publication.replaces = output.replace ?? false
            try await options.run(publication, nil, global)
        }
    }
}
