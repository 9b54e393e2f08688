internal import ArgumentParser
internal import Extents
internal import MobyBuild
internal import MobySpec
internal import OCI

struct Lock: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lock", abstract: "Pin every input of YAML files in a lock, SPEC.lock.yml.",
        usage: "moby lock [options] <file>.yml...\n       moby lock --update [options] <file>.yml... [<input>...]",
        discussion: HelpText.discussion(
            """
            Writes images with their digests, files with their hashes, packages with all that they are made of. 'build', 'run', 'test', 'lint' and \
            'explain' use the lock when it exists, and refuse what it does not have. Without --update, what the lock has stays. With it, all \
            inputs are looked up again, or those named after the files: an image, a file, '@moby:NAME', '@pkg:FOLDER'. Exit codes: 1 with --diff, \
            when something would change; 2 when an input is not as the lock has it.
            """,
            examples: [
                "moby lock web.yml", "moby lock --update web.yml nginx:1.27", "moby lock --diff web.yml",
            ], page: "docs/lock.md"))

    @Flag(help: "Look up inputs again: all, or those named after the files.") var update = false
    @Flag(help: "Print what --update would change, and write nothing.") var diff = false
    @Option(
        help: ArgumentHelp(
            "A CPU architecture to lock for; repeatable (default: those of the lock, else this machine's).",
            valueName: "arch"), completion: Completions.architectures, transform: ArchitectureOption.platform)
    var arch: [Platform] = []
    @Flag(help: "Use only what the store has, not the network.") var offline = false
    @Option(
        help: ArgumentHelp("The lock (default: SPEC.lock.yml next to the first file).", valueName: "file"),
        completion: .file(extensions: ["yml", "yaml"]))
    var lock: String?
    @OptionGroup var policy: PolicyOption
    @OptionGroup(title: "Variable options") var variables: VariableOptions
    @OptionGroup var global: FetchOptions
    @Argument(help: "YAML files; with --update, then names of inputs.", completion: Completions.specs) var arguments:
        [String]

    mutating func validate() throws {
        if update, diff { throw ValidationError("--update and --diff cannot be combined") }
        if lock == nil, arguments.first == "-" {
            throw ValidationError("standard input has no name; name the lock with --lock")
        }
    }

    func run() async throws {
        let first = arguments.first { Self.isSpec($0) } ?? arguments[0]
        guard let path = lock ?? LockFile.path(of: [first]) else { return }
        let old = try HostFiles.exists(path) ? LockFile.find([first], at: path, isFrozen: false)?.lock : nil
        let (files, names) = sort(arguments, old)
        let selection: LockSelection = diff ? .all : !update ? .missing : names.isEmpty ? .all : .names(Set(names))
        let maker = LockMaker(
            files: files, global: global, variables: variables, platforms: platforms(old), old: old,
            selection: selection, path: path, isOffline: offline, policy: try policy.check, isResolving: update)
        let new = try await maker.make()
        try check(names, in: new, files)
        let changes = LockChanges(from: old ?? SpecLock(), to: new)
        if diff { return try await compare(changes, new, path) }
        let text = new.text(of: files.map { PartialFiles.name(of: SpecInput.shownName($0)) })
        if try HostFiles.readIfPresent(path, limit: SpecDownload.limit) != Array(text.utf8) {
            PartialFiles.removeAbandoned(of: [path])
            try ExtentWriter.write(Array(text.utf8), to: path)
        }
        guard global.level > 0 else { return }
        if old == nil {
            print(
                "\(path): \(Self.count(new.images.count, "image")), \(Self.count(new.files.count, "file")), \(Self.count(new.packages.count, "package"))"
            )
        } else {
            changes.lines.forEach { print($0) }
            print(changes.isEmpty ? "\(path) is up to date" : "\(path): \(Self.count(changes.lines.count, "change"))")
        }
    }

    /// Prints what would change; Debian packages of packages too.
    private func compare(_ changes: LockChanges, _ new: SpecLock, _ path: String) async throws {
        var lines = changes.lines
        if !offline { lines += try await Packages.updates(new, global) }
        lines.forEach { print($0) }
        guard lines.isEmpty else {
            throw ExitCode(1)
        }
        if global.level > 0 { Terminal.error("'\(PlainText.short(path))' is up to date") }
    }

    private func platforms(_ old: SpecLock?) -> [Platform] {
        if !arch.isEmpty { return arch.reduce(into: []) { if !$0.contains($1) { $0.append($1) } } }
        if let old, !old.platforms.isEmpty { return old.platforms }
        return [.host]
    }

    /// Whether a word names a spec file.
    private static func isSpec(_ word: String) -> Bool {
        word == "-" || SpecDownload.isURL(word) || [".yml", ".yaml", ".json"].contains { word.hasSuffix($0) }
    }

    /// The files, and with `--update` the inputs: what the lock has, or what is not called like a spec file.
    private func sort(_ words: [String], _ old: SpecLock?) -> (files: [String], names: [String]) {
        guard update else { return (words, []) }
        var (files, names): ([String], [String]) = ([], [])
        for word in words {
            // A spec file's own URL is an input the second time.
            let isInput = !files.isEmpty && old?.file(word) != nil || files.contains(word)
            if Self.isSpec(word), !isInput { files.append(word) } else { names.append(word) }
        }
        return files.isEmpty ? (names, []) : (files, names)
    }

    /// - Throws: `BuildError` for a name that is none of the inputs.
    private func check(_ names: [String], in lock: SpecLock, _ files: [String]) throws {
        let known =
            lock.images.map(\.name) + lock.files.map(\.source) + lock.packages.map(\.template)
            + lock.specs.map(\.source)
        for name in names where !known.contains(name) && !known.contains(ImageProvider.canonical(name)) {
            throw BuildError(
                "'\(PlainText.short(name))' is not an input of \(files.map { "'\(PlainText.short($0))'" }.joined(separator: ", "))",
                hint: Spelling.closest(to: name, in: known).map { "did you mean '\(PlainText.short($0))'?" }
                    ?? "inputs are named as in the spec")
        }
    }

    private static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}
