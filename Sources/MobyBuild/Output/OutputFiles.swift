internal import CLinux
internal import Extents
internal import Glibc

/// Writes the artifacts of a build: all of them, or none.
struct OutputFiles {
    let options: BuildOptions
    let summary: BuildSummary

    func write(_ artifacts: [Artifact]) throws -> [BuildResult.File] {
        if let output = options.output { return try stream(artifacts, to: output) }
        try makeFolder()
        let summaryPath = path(BuildSummary.fileName(options.name))
        let paths = artifacts.map { path($0.name) } + [summaryPath]
        PartialFiles.removeAbandoned(of: paths)
        for path in paths { try check(path) }
        try checkRoom(artifacts)
        var staged = try artifacts.map { artifact in
            try StagedFile(path(artifact.name), needed: artifact.sizeOnDisk) { try artifact.write(to: $0) }
        }
        var summary = summary
        summary.files = zip(artifacts, staged).map {
            BuildSummary.File(name: $0.name, size: $1.size, format: $0.format)
        }
        let text = try summary.extents()
        staged.append(try StagedFile(summaryPath, needed: { text.length }) { try ExtentWriter.write(text, to: $0) })
        for file in staged { try file.commit() }
        return zip(artifacts, staged).map { BuildResult.File(path: $1.path, size: $1.size, format: $0.format) }
    }

    private func stream(_ artifacts: [Artifact], to output: String) throws -> [BuildResult.File] {
        guard let artifact = artifacts.first else { return [] }
        if output == "-" {
            try stream(artifact, to: STDOUT_FILENO, named: FileError.standardOutput)
            return []
        }
        if Self.isStream(output) {
            let file = open(output, O_WRONLY | O_CLOEXEC)
            guard file >= 0 else { throw FileError("open", output) }
            defer { close(file) }
            let size = try stream(artifact, to: file, named: output)
            return [BuildResult.File(path: output, size: size, format: artifact.format)]
        }
        PartialFiles.removeAbandoned(of: [output])
        do { try artifact.write(to: output) } catch let error as FileError
            where error.path == output && error.code == ENOSPC
        {
            throw FileError(error, path: output, needed: try artifact.sizeOnDisk())
        }
        return [BuildResult.File(path: output, size: try SourceFile(output).size, format: artifact.format)]
    }

    /// Writes to an open file, as it is.
    /// - Returns: how many bytes.
    @discardableResult
    private func stream(_ artifact: Artifact, to file: Int32, named name: String) throws -> UInt64 {
        var sink = try FileSink(descriptor: file, name: name)
        try artifact.stream { try sink.write($0) }
        try sink.flush()
        return sink.written
    }

    /// A device or a pipe, e.g. `/dev/null`: it is written to, never replaced by a file.
    private static func isStream(_ path: String) -> Bool {
        var info = stat()
        return stat(path, &info) == 0 && [S_IFCHR, S_IFIFO].contains(info.st_mode & S_IFMT)
    }

    /// Before anything is written: what cannot be replaced by a file would be found after others had been.
    private func check(_ path: String) throws {
        var info = stat()
        if stat(path, &info) == 0, info.st_mode & S_IFMT != S_IFREG { throw ExtentError.notRegular(path: path) }
    }

    /// Also before: what takes as much room as it has bytes is known not to fit. Files that are made as they are
    /// written are found out then.
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

/// A finished file under a temporary name next to its final one: the files of a build appear together, when all of them
/// are done.
final class StagedFile {
    let path: String
    let size: UInt64
    private let temporary: String
    private let slot: Int32
    private let lock: FileLock
    private var committed = false

    /// - Parameters:
    ///   - needed: finds out how many bytes the file takes, for the message about a full disk.
    ///   - write: writes the file to the path it is given.
    /// - Throws: what `write` throws; a `FileError` has the final name.
    init(_ path: String, needed: () throws -> UInt64? = { nil }, _ write: (String) throws -> Void) throws {
        self.path = path
        temporary = "\(path).staged.\(getpid())"
        // A signal that ends the process takes the file with it.
        slot = moby_partial_add(temporary)
        do {
            try write(temporary)
            size = try SourceFile(temporary).size
            lock = FileLock(temporary)
        } catch {
            unlink(temporary)
            moby_partial_remove(slot)
            guard let fault = error as? FileError, fault.path == temporary else { throw error }
            let isFull = [ENOSPC, EDQUOT, EFBIG].contains(fault.code)
            throw FileError(fault, path: path, needed: isFull ? try needed() : nil)
        }
    }

    deinit {
        if !committed { unlink(temporary) }
        moby_partial_remove(slot)
    }

    /// Gives the file its final name.
    func commit() throws {
        guard rename(temporary, path) == 0 else { throw FileError("write", path) }
        committed = true
    }
}
