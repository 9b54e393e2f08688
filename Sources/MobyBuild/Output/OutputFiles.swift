internal import Extents
internal import Glibc

/// Writes the artifacts of a build: all of them, or none.
struct OutputFiles {
    let options: BuildOptions
    let summary: BuildSummary

    func write(_ artifacts: [Artifact]) throws -> [BuildResult.File] {
        if let output = options.output { return try stream(artifacts, to: output) }
        try makeFolder()
        var staged = try artifacts.map { artifact in try StagedFile(path(artifact.name)) { try artifact.write(to: $0) } }
        var summary = summary
        summary.files = zip(artifacts, staged).map { BuildSummary.File(name: $0.name, size: $1.size) }
        let text = try summary.extents()
        staged.append(try StagedFile(path(BuildSummary.fileName(options.name))) { try ExtentWriter.write(text, to: $0) })
        for file in staged { try file.commit() }
        return staged.dropLast().map { BuildResult.File(path: $0.path, size: $0.size) }
    }

    private func stream(_ artifacts: [Artifact], to output: String) throws -> [BuildResult.File] {
        guard let artifact = artifacts.first else { return [] }
        if output != "-" {
            try artifact.write(to: output)
            return [BuildResult.File(path: output, size: try SourceFile(output).size)]
        }
        try artifact.stream { bytes in
            var done = 0
            while done < bytes.count {
                let count = Glibc.write(STDOUT_FILENO, bytes.baseAddress.map { $0 + done }, bytes.count - done)
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else { throw FileError("write", "standard output") }
                done += count
            }
        }
        return []
    }

    private func path(_ name: String) -> String {
        options.directory.isEmpty || options.directory == "." ? name : "\(options.directory)/\(name)"
    }

    private func makeFolder() throws {
        guard !options.directory.isEmpty, mkdir(options.directory, 0o777) != 0, errno != EEXIST else { return }
        throw FileError("create", options.directory)
    }
}
