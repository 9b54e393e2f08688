internal import Attest
internal import Extents
internal import Glibc
internal import Progress

/// Writes the artifacts of a build: all of them, or none.
struct OutputFiles {
    let options: BuildOptions
    let record: BuildRecord
    /// Files next to the record.
    let documents: [Artifact]
    let progress: Reporter

    /// - Returns: the files, and paths of those about the build.
    func write(_ artifacts: [Artifact]) throws -> (files: [BuildResult.File], documents: [String]) {
        if let output = options.output { return (try stream(artifacts, to: output), []) }
        try makeFolder()
        let recordPath = path(BuildRecord.fileName(options.name))
        let provenancePath = options.writesProvenance ? path(BuildRecord.provenanceName(options.name)) : nil
        let documentPaths = documents.map { path($0.name) } + [provenancePath].compactMap(\.self)
        let paths = artifacts.map { path($0.name) } + documentPaths + [recordPath]
        PartialFiles.removeAbandoned(of: paths)
        // Before anything is written: what a file cannot replace would be found after others were replaced.
        for path in paths { try PartialFile.checkReplaceable(path) }
        try checkRoom(artifacts)
        // The files of a build appear together, when all of them are complete.
        var written = try zip(artifacts, paths).map { try $0.written(to: $1, progress) }
        let files = try zip(artifacts, zip(paths, written)).map { artifact, file in
            BuildResult.File(path: file.0, size: try file.1.size(), format: artifact.format)
        }
        var record = record
        record.files = zip(artifacts, files).map { BuildRecord.File($0, size: $1.size) }
        if options.writesProvenance {
            for index in written.indices { record.files[index].sha256 = try digest(written[index]) }
        }
        let others = try zip(documents, documentPaths).map { try $0.written(to: $1, progress) }
        written += others
        if let provenancePath {
            let subjects = try zip(documents, others).map { Statement.Subject(name: $0.name, sha256: try digest($1)) }
            let text = ExtentList(bytes: try record.provenance(subjects))
            written.append(try Artifact(name: "", .extents(text)).written(to: provenancePath, progress))
        }
        written.append(try Artifact(name: "", .extents(record.extents())).written(to: recordPath, progress))
        for file in written { try file.commit() }
        return (files, documentPaths)
    }

    private func digest(_ file: PartialFile) throws -> String { try HostFiles.sha256(file.temporary).hex }

    private func stream(_ artifacts: [Artifact], to output: String) throws -> [BuildResult.File] {
        guard let artifact = artifacts.first else { return [] }
        if output == "-" {
            try stream(artifact, to: STDOUT_FILENO, named: FileError.standardOutput)
            return []
        }
        if try Self.isStream(output) {
            let file = open(output, O_WRONLY | O_CLOEXEC)
            guard file >= 0 else { throw FileError("open", output) }
            defer { close(file) }
            let size = try stream(artifact, to: file, named: output)
            return [BuildResult.File(path: output, size: size, format: artifact.format)]
        }
        PartialFiles.removeAbandoned(of: [output])
        try artifact.written(to: output, progress).commit()
        return [BuildResult.File(path: output, size: try SourceFile(output).size, format: artifact.format)]
    }

    /// Writes to an open file, as it is.
    /// - Returns: how many bytes.
    @discardableResult
    private func stream(_ artifact: Artifact, to file: Int32, named name: String) throws -> UInt64 {
        var sink = try FileSink(descriptor: file, name: name)
        try progress.during(.write, name) { step in
            try artifact.stream {
                try sink.write($0)
                step.add($0.count)
            }
        }
        try sink.flush()
        return sink.written
    }

    /// A device or a pipe, e.g. `/dev/null`: it is written to, never replaced by a file.
    private static func isStream(_ path: String) throws -> Bool {
        try HostFiles.status(path).map { [S_IFCHR, S_IFIFO].contains($0.st_mode & S_IFMT) } ?? false
    }

    /// Refuses, before anything is written, files that are known not to fit. Files that are made as they are written
    /// may run out of room then.
    private func checkRoom(_ artifacts: [Artifact]) throws {
        let folder = options.directory.isEmpty ? "." : options.directory
        guard FreeSpace.isCounted(in: folder), let free = FreeSpace.bytes(in: folder) else { return }
        let needed: UInt64 = artifacts.reduce(0) { sum, artifact in
            guard case .extents(let list) = artifact.content else { return sum }
            return sum + list.dataRanges.reduce(0) { $0 + $1.upperBound - $1.lowerBound }
        }
        guard needed > free else { return }
        throw BuildError(
            "the build needs \(SizeText.decimal(needed)), and \(SizeText.decimal(free)) are free in '\(PlainText.short(folder))'",
            hint: "free some space, or choose another folder with --dir")
    }

    private func path(_ name: String) -> String {
        options.directory.isEmpty || options.directory == "." ? name : "\(options.directory)/\(name)"
    }

    private func makeFolder() throws {
        guard !options.directory.isEmpty, mkdir(options.directory, 0o777) != 0, errno != EEXIST else { return }
        throw FileError("create", options.directory)
    }
}
