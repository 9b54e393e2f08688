internal import Extents
internal import FoundationEssentials
internal import Glibc
internal import HTTP
internal import MobyBuild
internal import MobyPackage
internal import MobyRun
internal import MobySpec
internal import OCI
internal import Synchronization

/// Reads spec files for the verbs that take them.
struct SpecInput {
    /// Texts of the files read so far, for the source lines of messages.
    private static let texts = Mutex<[String: String]>([:])

    /// - Parameter certificateFiles: PEM files that are trusted in addition to the usual ones when a name is a URL.
    static func sources(_ names: [String], certificateFiles: [String]) async throws -> [SpecReader.Source] {
        var sources: [SpecReader.Source] = []
        for name in names {
            let source = SpecDownload.isURL(name) ? try await download(name, certificateFiles) : try read(name)
            texts.withLock { $0[source.name] = source.text }
            sources.append(source)
        }
        return sources
    }

    /// Reads and merges files; warnings go to standard error unless that is to be quiet.
    static func spec(_ names: [String], _ source: SourceOptions, resolvePackage: (String) throws -> String) async throws
        -> Spec
    {
        let (spec, warnings) = try await read(names, source, resolvePackage: resolvePackage)
        if !warnings.isEmpty, source.level > 0 { Terminal.error(render(warnings)) }
        return spec
    }

    /// Reads and merges files.
    /// - Parameter ignoringTrust: leaves `trust` out, and what there is to say of it.
    static func read(
        _ names: [String], _ source: SourceOptions, ignoringTrust: Bool = false,
        resolvePackage: (String) throws -> String
    ) async throws -> (spec: Spec, warnings: [Diagnostic]) {
        try SpecReader.read(
            try await sources(names, certificateFiles: source.certFile), outputFormats: OutputFormat.namesInSpecs,
            notMade: OutputFormat.notMade, ignoringTrust: ignoringTrust, resolvePackage: resolvePackage)
    }

    static func render(_ diagnostics: [Diagnostic]) -> String {
        var texts = texts.withLock(\.self)
        // Files of packages were read elsewhere.
        for file in Set(diagnostics.compactMap(\.location?.file)) where texts[file] == nil {
            texts[file] = packageText(file)
        }
        return DiagnosticRenderer(sources: texts).render(diagnostics)
    }

    /// The text of a file in a package folder, for its lines in a message; nil when it cannot be had, and the message
    /// does without.
    private static func packageText(_ path: String) -> String? {
        var info = stat()
        guard stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFREG, info.st_size <= 1 << 20 else { return nil }
        return try? String(contentsOfFile: path, encoding: .utf8)
    }

    /// The name that outputs get: that of the last file, without its extension; `moby` for standard input.
    static func baseName(_ names: [String]) -> String {
        guard let last = names.last, last != "-" else { return "moby" }
        // What follows the path of a URL is no part of the name.
        let path = SpecDownload.isURL(last) ? last.prefix { $0 != "?" && $0 != "#" } : last[...]
        let file = path.split(separator: "/").last.map(String.init) ?? last
        guard let dot = file.lastIndex(of: "."), dot != file.startIndex else { return file }
        return String(file[..<dot])
    }

    private static func download(_ name: String, _ certificateFiles: [String]) async throws -> SpecReader.Source {
        let bytes = try await SpecDownload(certificateFiles: certificateFiles).bytes(name)
        let shown = SpecDownload.name(name)
        return SpecReader.Source(name: shown, text: try UTF8Text.read(bytes, name: shown), folder: nil)
    }

    private static func read(_ name: String) throws -> SpecReader.Source {
        if name == "-" {
            return SpecReader.Source(
                name: "<stdin>",
                text: try UTF8Text.read(
                    InputFile.bytes(of: STDIN_FILENO, "<stdin>", limit: SpecDownload.limit), name: "<stdin>"),
                folder: ".")
        }
        let path = existing(name)
        let folder = URL(filePath: path).deletingLastPathComponent().path
        return SpecReader.Source(
            name: path, text: try UTF8Text.read(InputFile.bytes(path, limit: SpecDownload.limit), name: path),
            folder: folder.isEmpty ? "." : folder)
    }

    /// 2017 added `.yml` to a name that had no extension.
    private static func existing(_ name: String) -> String {
        var info = stat()
        guard stat(name, &info) != 0 || info.st_mode & S_IFMT == S_IFDIR else { return name }
        return [".yml", ".yaml"].map { name + $0 }.first { access($0, F_OK) == 0 } ?? name
    }
}

/// Fetches a spec file that is named by its URL.
struct SpecDownload {
    /// Most bytes of a spec file.
    static let limit: UInt64 = 64 << 20
    private static let mostRedirects = 10

    private let transport: any HTTPTransport
    private let retry: RetryPolicy

    init(certificateFiles: [String]) throws {
        transport = try CurlTransport(environment: Terminal.environment, certificateFiles: certificateFiles)
        retry = RetryPolicy()
    }

    /// Whether a name on the command line is a URL.
    static func isURL(_ name: String) -> Bool { name.hasPrefix("http://") || name.hasPrefix("https://") }

    /// What messages call it: user, password and query may be secrets.
    static func name(_ url: String) -> String { WebURL.shown(url) }

    /// - Throws: `RunError` for a bad URL, an answer that is not a file, a redirection that leaves HTTPS, no answer.
    func bytes(_ name: String) async throws -> [UInt8] {
        guard let first = WebURL(name) else {
            throw RunError("'\(Self.name(name))' is not a URL", hint: "write https://HOST/PATH.yml")
        }
        var url = first
        for _ in 0...Self.mostRedirects {
            let way = url == first ? "\(first)" : "\(first) leads to \(url), which"
            let sink = BufferSink(limit: Self.limit)
            let response = try await answer(url, sink, way: url == first ? "\(first)" : "\(first) leads to \(url)")
            if response.isSuccess {
                guard !sink.bytes.isEmpty else {
                    throw RunError(
                        "\(way) answered with status \(response.status) and no bytes",
                        hint: "a spec file is expected there")
                }
                return sink.bytes
            }
            guard (300..<400).contains(response.status), let location = response.headers["Location"] else {
                throw RunError("\(way) answered with status \(response.status)", hint: "a spec file is expected there")
            }
            guard let next = url.resolving(location) else {
                throw RunError("\(url) leads to '\(WebURL.shown(location))', which is not a URL")
            }
            guard next.scheme == url.scheme || next.scheme == "https" else {
                throw RunError(
                    "\(url) leads to \(next), which is not encrypted", hint: "name that URL if it is to be trusted")
            }
            url = next
        }
        throw RunError("\(first) leads to one URL after another, more than \(Self.mostRedirects) times")
    }

    private func answer(_ url: WebURL, _ sink: BufferSink, way: String) async throws -> HTTPResponse {
        var number = 1
        while true {
            do {
                let response = try await transport.exchange(HTTPRequest("GET", url), into: sink)
                guard RetryPolicy.isTransient(response.status), let pause = retry.pause(after: number, response) else {
                    return response
                }
                try await retry.sleep(pause)
            } catch let error as TransportError {
                guard error.isTransient, let pause = retry.pause(after: number, nil) else {
                    throw RunError("\(way): \(error)", hint: error.hint)
                }
                try await retry.sleep(pause)
            } catch let error as ExtentError {
                throw RunError("\(way): the answer has \(error)", hint: "a spec file is expected there")
            }
            number += 1
        }
    }
}
