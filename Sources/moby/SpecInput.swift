internal import Extents
internal import FoundationEssentials
internal import Glibc
internal import HTTP
internal import MobyBuild
internal import MobyPackage
internal import MobySpec
internal import OCI
internal import Progress
internal import Synchronization

/// Reads spec files for the verbs that take them.
struct SpecInput {
    /// Texts of the files read so far, for the source lines of messages.
    private static let texts = Mutex<[String: String]>([:])
    /// Of the files that were fetched so far, by their shown names.
    private static let digests = Mutex<[String: Digest]>([:])

    /// SHA-256 of a fetched file.
    /// - Parameter name: as messages name it.
    static func digest(of name: String) -> Digest? { digests.withLock { $0[name] } }

    /// - Parameter certificateFiles: PEM files that are trusted in addition to the usual ones when a name is a URL.
    /// - Throws: ``SourceErrors`` with all files that cannot be read.
    private static func sources(_ names: [String], certificateFiles: [String], isOffline: Bool) async throws
        -> [SpecReader.Source]
    {
        var sources: [SpecReader.Source] = []
        var failures: [(file: String, error: any Error)] = []
        for name in names {
            do {
                let isRemote = SpecDownload.isURL(name)
                if isRemote, isOffline { throw SpecDownload.Failure.offline(name) }
                let source = isRemote ? try await download(name, certificateFiles) : try read(name)
                texts.withLock { $0[source.name] = source.text }
                sources.append(source)
            } catch is CancellationError { throw CancellationError() } catch { failures.append((name, error)) }
        }
        guard failures.isEmpty else { throw SourceErrors(failures) }
        return sources
    }

    /// The name of a file in messages.
    static func shownName(_ name: String) -> String {
        name == "-" ? "<stdin>" : SpecDownload.isURL(name) ? SpecDownload.name(name) : name
    }

    /// The texts of files, in order, without folders in their names.
    static func texts(of names: [String]) -> [(name: String, text: String)] {
        let texts = texts.withLock(\.self)
        return names.map { name in
            let shown = shownName(name)
            let text = texts[shown] ?? texts[name + ".yml"] ?? texts[name + ".yaml"] ?? ""
            return (PartialFiles.name(of: shown), text)
        }
    }

    /// Reads and merges the files of a bundle.
    static func read(_ bundle: Bundle, _ variables: Variables, resolvePackage: (PackageTemplate) throws -> String)
        throws
        -> (spec: Spec, warnings: [Diagnostic])
    {
        let sources = bundle.specs.map { spec in
            SpecReader.Source(name: "\(bundle.path)/\(spec.name)", text: spec.text, folder: Packages.bundleBase)
        }
        for source in sources { texts.withLock { $0[source.name] = source.text } }
        return try SpecReader.read(
            sources, outputFormats: OutputFormat.namesInSpecs, notMade: OutputFormat.unsupported,
            ignoringTrust: false, variables: variables, resolvePackage: resolvePackage)
    }

    /// Reads and merges files; warnings go to standard error unless that is to be quiet.
    static func spec(
        _ names: [String], _ source: SourceOptions, _ variables: VariableOptions, isOffline: Bool = false,
        resolvePackage: (PackageTemplate) throws -> String
    ) async throws -> Spec {
        let values = try variables.values()
        var (spec, warnings) = try await read(
            names, source, values, isOffline: isOffline, resolvePackage: resolvePackage)
        warnings += values.unused(by: [spec])
        if !warnings.isEmpty, source.level > 0 { Terminal.error(render(warnings), .warning) }
        return spec
    }

    /// Reads and merges files.
    /// - Parameters:
    ///   - ignoringTrust: ignores `trust`, without a warning.
    ///   - isOffline: fetches nothing; a URL is an error then.
    ///   - lock: what fetched files are compared with.
    /// - Returns: the spec and the warnings, but not those about unused variables.
    static func read(
        _ names: [String], _ source: SourceOptions, _ variables: Variables, ignoringTrust: Bool = false,
        isOffline: Bool = false, lock: LockCheck? = nil, resolvePackage: (PackageTemplate) throws -> String
    ) async throws -> (spec: Spec, warnings: [Diagnostic]) {
        let sources = try await sources(names, certificateFiles: source.certFile, isOffline: isOffline)
        if let lock {
            let problems = sources.compactMap { source in
                digest(of: source.name).flatMap { lock.problem(ofSpec: source.name, $0) }
            }
            guard problems.isEmpty else { throw SpecError(problems) }
        }
        do {
            return try SpecReader.read(
                sources, outputFormats: OutputFormat.namesInSpecs, notMade: OutputFormat.unsupported,
                ignoringTrust: ignoringTrust, variables: variables, resolvePackage: resolvePackage)
        } catch let error as SpecError { throw sources.lazy.compactMap(otherFile).first ?? error }
    }

    /// What a file that cannot be read as a spec is instead: a lock, a test file, or the definition of a package.
    private static func otherFile(_ source: SpecReader.Source) -> SpecError? {
        let (name, shown) = (source.name, PlainText.short(source.name))
        let start = SourceLocation(file: name, line: 1, column: 1)
        if LockReader.isLock(name) {
            let spec = PlainText.short(name.replacing(".lock.", with: "."))
            return SpecError([
                Diagnostic(
                    at: start, "'\(shown)' is a lock, not a spec",
                    hint: "name the spec; its lock is used by itself: moby build \(spec)")
            ])
        }
        if TestReader.isTest(name) {
            return SpecError([
                Diagnostic(at: start, "'\(shown)' is a test file, not a spec", hint: "run it: moby test \(shown)")
            ])
        }
        let (folder, file) = (name.lastIndex(of: "/").map { name[..<$0] } ?? ".", name.split(separator: "/").last)
        guard file == PackageFolder.fileName[...],
            source.text.split(separator: "\n").contains(where: { $0.hasPrefix("image:") })
        else { return nil }
        return SpecError([
            Diagnostic(
                at: start, "'\(shown)' defines a package, and is not a spec",
                hint: "build it: moby pkg build \(PlainText.short(folder))")
        ])
    }

    /// The text of a file that belongs to spec files: variables, a test.
    static func text(_ path: String) throws -> String {
        let text = try UTF8Text.read(HostFiles.read(path, limit: SpecDownload.limit), name: path)
        texts.withLock { $0[path] = text }
        return text
    }

    static func render(_ diagnostics: [Diagnostic]) -> String {
        var texts = texts.withLock(\.self)
        // Files of packages were read elsewhere; without their text the message has no source line.
        for file in Set(diagnostics.compactMap(\.location?.file)) where texts[file] == nil {
            texts[file] = try? HostFiles.text(file)
        }
        return DiagnosticRenderer(sources: texts).render(diagnostics)
    }

    /// The name that outputs get: that of the last file, without its extension; `moby` for standard input.
    static func baseName(_ names: [String]) -> String {
        guard let last = names.last, last != "-" else { return "moby" }
        // What follows the path of a URL is not part of the name.
        let path = SpecDownload.isURL(last) ? last.prefix { $0 != "?" && $0 != "#" } : last[...]
        let file = path.split(separator: "/").last.map(String.init) ?? last
        guard let dot = file.lastIndex(of: "."), dot != file.startIndex else { return file }
        return String(file[..<dot])
    }

    private static func download(_ name: String, _ certificateFiles: [String]) async throws -> SpecReader.Source {
        let bytes = try await SpecDownload(certificateFiles: certificateFiles).bytes(name)
        let shown = SpecDownload.name(name)
        digests.withLock { $0[shown] = Digest(sha256: SHA256.hash(bytes)) }
        return SpecReader.Source(name: shown, text: try UTF8Text.read(bytes, name: shown), folder: nil)
    }

    private static func read(_ name: String) throws -> SpecReader.Source {
        if name == "-" {
            return SpecReader.Source(
                name: "<stdin>",
                text: try UTF8Text.read(
                    HostFiles.read(descriptor: STDIN_FILENO, name: "<stdin>", limit: SpecDownload.limit),
                    name: "<stdin>"),
                folder: ".")
        }
        let path = try existing(name)
        return SpecReader.Source(
            name: path, text: try UTF8Text.read(HostFiles.read(path, limit: SpecDownload.limit), name: path),
            folder: PartialFiles.folder(of: path))
    }

    /// 2017 added `.yml` to a name that had no extension.
    private static func existing(_ name: String) throws -> String {
        if try HostFiles.exists(name), try !HostFiles.isFolder(name) { return name }
        return try [".yml", ".yaml"].map { name + $0 }.first { try HostFiles.exists($0) } ?? name
    }
}

/// Spec files that cannot be read: all of them, not only the first.
struct SourceErrors: Error {
    /// Files that cannot be read, as they were named.
    let unreadable: [(file: String, error: any Error)]
    /// What is wrong with files that are not text.
    let diagnostics: [Diagnostic]

    init(_ failures: [(file: String, error: any Error)]) {
        unreadable = failures.filter { !($0.error is SpecError) }
        diagnostics = failures.compactMap { $0.error as? SpecError }.flatMap(\.diagnostics)
    }
}

/// Fetches a spec file that is named by its URL.
struct SpecDownload {
    /// Most bytes of a spec file.
    static let limit: UInt64 = 64 << 20

    private let redirects: Redirects

    init(certificateFiles: [String]) throws {
        redirects = Redirects(
            transport: try CurlTransport(environment: Terminal.environment, certificateFiles: certificateFiles))
    }

    /// Whether a name on the command line is a URL.
    static func isURL(_ name: String) -> Bool { name.hasPrefix("http://") || name.hasPrefix("https://") }

    /// The name in messages: user, password and query may be secrets.
    static func name(_ url: String) -> String { WebURL.shown(url) }

    /// - Throws: ``Failure`` for a bad URL, an answer without a file, a redirect that leaves HTTPS, no answer.
    func bytes(_ name: String) async throws -> [UInt8] {
        guard let url = WebURL(name) else {
            throw Failure("'\(Self.name(name))' is not a URL", hint: "write https://HOST/PATH.yml")
        }
        return try await Terminal.display.reporter.during(.wait, "'\(url.authority)': \(url)") { _ in
            try await RetryPolicy().retrying { _ in try await oneTry(url) }
        }
    }

    private func oneTry(_ url: WebURL) async throws -> [UInt8] {
        let sink = BufferSink(limit: Self.limit)
        do {
            let answer = try await redirects.exchange(HTTPRequest("GET", url), into: sink)
            let status = answer.response.status
            let subject = answer.url == url ? "\(url)" : "\(url) redirects to \(answer.url), which"
            guard answer.response.isSuccess else {
                throw FailedTry(Failure("\(subject) answered with status \(status)"), answer.response)
            }
            guard !sink.bytes.isEmpty else {
                throw Failure("\(subject) answered with status \(status) and no bytes")
            }
            return sink.bytes
        } catch let error as TransportError {
            let hint = error.trouble == .plainRedirect ? "name that URL if you trust it" : error.hint
            throw FailedTry(Failure("\(url): \(error)", hint: hint), isTransient: error.isTransient)
        } catch let error as ExtentError {
            throw Failure("\(url): the answer has \(error)")
        }
    }

    /// A spec file that cannot be fetched.
    struct Failure: HintedError, RetriedError, CustomStringConvertible {
        /// - Parameter url: not fetched because of `--offline`.
        static func offline(_ url: String) -> Failure {
            Failure(
                "'\(SpecDownload.name(url))' is not fetched: the network is off",
                hint: "download the file with a network, and name that file")
        }

        var description: String
        let hint: String?

        init(_ description: String, hint: String? = "expected a spec file at that URL") {
            (self.description, self.hint) = (description, hint)
        }

        func after(tries: Int, seconds: Double) -> Failure {
            tries > 1
                ? Failure("\(description); tried \(tries) times over \(Int(seconds.rounded(.up))) s", hint: hint) : self
        }
    }
}
