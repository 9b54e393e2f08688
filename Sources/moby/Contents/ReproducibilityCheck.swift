internal import Extents
internal import Glibc
internal import MobyBuild
internal import Progress
internal import Subprocess

/// `moby build --check`: the same build once more in other circumstances, with nothing taken from what was encoded
/// before, and a comparison.
struct ReproducibilityCheck {
    /// The command line of the build.
    let arguments: [String]
    let store: String
    /// Of the files of the build.
    let folder: String
    let name: String

    /// - Throws: `BuildError` that names the first difference; what the second build prints when it fails.
    func run() async throws {
        let work = try WorkFolder(in: Terminal.scratchFolder, prefix: "moby-check-")
        defer { withExtendedLifetime(work) {} }
        let output = "\(work.path)/out"
        try linkStore("\(work.path)/store")
        try FolderTree.make(output)
        try await Terminal.display.reporter.during(.build, "\(name) again", isMajor: true) { _ in
            try await build(into: output, store: "\(work.path)/store", scratch: work.path)
        }
        try compare(with: output)
    }

    /// A store with the same images, and no segments.
    private func linkStore(_ path: String) throws {
        try FolderTree.make(path)
        for entry in try FolderTree.names(in: store) where !["segments", "tmp"].contains(entry) {
            // The mark is a file of its own: a process that uses the store locks it.
            if try !HostFiles.isFolder("\(store)/\(entry)") {
                let bytes = try HostFiles.read("\(store)/\(entry)", limit: 64 << 20)
                try ExtentWriter.write(ExtentList([.bytes(bytes)]), to: "\(path)/\(entry)")
                continue
            }
            guard symlink("\(store)/\(entry)", "\(path)/\(entry)") == 0 else {
                throw FileError("create", "\(path)/\(entry)")
            }
        }
    }

    private func build(into folder: String, store: String, scratch: String) async throws {
        var environment = Terminal.environment
        // Letters, numbers and days that are unlike those of any machine that builds.
        environment.merge([
            "LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "TZ": "Pacific/Kiritimati", "TMPDIR": scratch,
            "USER": "another", "LOGNAME": "another", "MOBY_CACHE_FROM": "", "MOBY_CACHE_TO": "",
        ]) { $1 }
        let command =
            ["-c", "umask 077; exec \"$@\"", "sh"] + processor + [Terminal.executable]
            + arguments.filter { $0 != "--check" && $0 != "-check" } + [
                "--dir", folder, "--cache", store, "--no-upload",
            ]
        let values = Dictionary(uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0), $1) })
        let result = try await Subprocess.run(
            .name("sh"), arguments: Arguments(command), environment: .custom(values),
            output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        guard result.terminationStatus.isSuccess else {
            throw BuildError("the second build failed:\n\(result.standardError)")
        }
    }

    /// One processor, where taskset(1) is installed.
    private var processor: [String] {
        let folders = (Terminal.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        return folders.contains { access("\($0)/taskset", X_OK) == 0 } ? ["taskset", "-c", "0"] : []
    }

    private func compare(with other: String) throws {
        let end = BuildRecord.fileName("")
        guard let record = try BuildRecord.read(prefix: "\(folder)/\(name)") else {
            throw BuildError("the build has no record '\(PlainText.short(name + end))'")
        }
        let documents = try FolderTree.names(in: other).filter { file in
            !record.files.contains { $0.name == file }
        }
        for file in record.files.map(\.name) + documents.sorted() {
            let comparison = ArtifactComparison(first: "\(folder)/\(file)", second: "\(other)/\(file)")
            guard let difference = try comparison.difference() else { continue }
            throw BuildError(
                "not reproducible: '\(PlainText.short(file))': \(difference.description)",
                hint:
                    "the second build had another locale, time zone, umask, folder for temporary files, and one processor"
            )
        }
        let count = record.files.count + documents.count
        Terminal.error("checked: \(count) files have the same bytes when they are built again elsewhere")
    }
}
