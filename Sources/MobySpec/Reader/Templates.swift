internal import Extents

/// A text that names a package, and is replaced by the image that the package makes.
public enum PackageTemplate: Hashable, Sendable, CustomStringConvertible {
    /// `@pkg:FOLDER`: a package folder; absolute once a file was read.
    case folder(String)
    /// `@moby:NAME`: a system image of moby's installation.
    case installed(String)

    /// Reads a command line's value. What follows the prefix may be empty.
    /// - Returns: nil for any other text.
    public init?(_ text: String) {
        if text.hasPrefix("@pkg:") {
            self = .folder(String(text.dropFirst("@pkg:".count)))
        } else if text.hasPrefix("@moby:") {
            self = .installed(String(text.dropFirst("@moby:".count)))
        } else {
            return nil
        }
    }

    /// The folder or the name.
    public var text: String {
        switch self {
        case .folder(let text), .installed(let text): text
        }
    }

    /// The same with the path of a folder relative to another, so that it means the same in every copy of both.
    /// - Parameter base: absolute.
    public func relative(to base: String) -> PackageTemplate {
        guard case .folder(let path) = self, path.hasPrefix("/") else { return self }
        let (from, to) = (Self.parts(base), Self.parts(path))
        let common = zip(from, to).prefix { $0 == $1 }.count
        let steps = Array(repeating: "..", count: from.count - common) + to.dropFirst(common)
        return .folder(steps.isEmpty ? "." : steps.joined(separator: "/"))
    }

    private static func parts(_ path: String) -> [Substring] {
        path.split(separator: "/").reduce(into: []) { parts, part in
            if part == ".." { _ = parts.popLast() } else if part != "." { parts.append(part) }
        }
    }

    /// As a spec has it.
    public var description: String {
        switch self {
        case .folder(let path): "@pkg:\(path)"
        case .installed(let name): "@moby:\(name)"
        }
    }
}

/// Replaces `@pkg:FOLDER` and `@moby:NAME` by the image that the package makes.
struct Templates {
    private let resolve: (PackageTemplate) throws -> String
    /// Finding a package's image reads its folder: once for each is enough.
    private var known: [PackageTemplate: Result<String, any Error>] = [:]
    private(set) var warnings: [Diagnostic] = []

    init(_ resolve: @escaping (PackageTemplate) throws -> String) { self.resolve = resolve }

    /// Walks every value of a document.
    mutating func expand(_ node: inout Node, in source: SpecReader.Source, _ problems: inout [Diagnostic]) {
        switch node.content {
        case .scalar(let scalar):
            do throws(Diagnostic) {
                if let text = try value(scalar.text, at: node.location, in: source) {
                    node.content = .scalar(Scalar(text))
                }
            } catch {
                problems.append(error)
                // An unresolved template is reported once, and not again as an invalid image.
                node.content = .scalar(Scalar("unresolved"))
            }
        case .sequence(var items):
            for index in items.indices { expand(&items[index], in: source, &problems) }
            node.content = .sequence(items)
        case .mapping(var pairs):
            for index in pairs.indices { expand(&pairs[index].value, in: source, &problems) }
            node.content = .mapping(pairs)
        }
    }

    /// - Returns: nil when the text is not a template.
    private mutating func value(_ text: String, at location: SourceLocation, in source: SpecReader.Source)
        throws(Diagnostic) -> String?
    {
        guard text.utf8.first == UInt8(ascii: "@"), let colon = text.firstIndex(of: ":") else { return nil }
        let name = text[..<colon].dropFirst()
        guard !name.isEmpty,
            name.utf8.allSatisfy({ $0.isASCIILetter || "0123456789-_".utf8.contains($0) })
        else {
            return nil
        }
        guard let template = PackageTemplate(text) else {
            throw Diagnostic(
                at: location, "unknown template '@\(PlainText.short(name)):'",
                hint: "the templates are @pkg:FOLDER and @moby:NAME")
        }
        let package = try located(template, written: text, at: location, in: source)
        let known = known[package] ?? Result { try resolve(package) }
        self.known[package] = known
        do { return try known.get() } catch { throw Self.error(text, location, error) }
    }

    /// The template with an absolute path. A text from the network may name what is installed, but of folders only those
    /// with an absolute path, with a warning.
    private mutating func located(
        _ template: PackageTemplate, written text: String, at location: SourceLocation, in source: SpecReader.Source
    ) throws(Diagnostic) -> PackageTemplate {
        guard case .folder(let folder) = template else {
            if template.text.isEmpty {
                throw Diagnostic(
                    at: location, "'@moby:' has no name", hint: "'moby pkg ls' lists the installed system images")
            }
            return template
        }
        guard !folder.isEmpty else { throw Diagnostic(at: location, "'@pkg:' has no folder") }
        guard folder.hasPrefix("/") || source.folder != nil else {
            throw Diagnostic(
                at: location,
                "'\(PlainText.short(text))' is relative to the file, but a file from the network has no folder",
                hint: "download the file, or write an absolute path")
        }
        if source.folder == nil {
            warnings.append(
                Diagnostic(
                    .warning, at: location,
                    "a file from the network names the package '\(PlainText.short(folder))' of this machine",
                    hint: "build it only if you trust where it comes from"))
        }
        return .folder(HostFiles.absolute(folder.hasPrefix("/") ? folder : "\(source.folder ?? "")/\(folder)"))
    }

    /// Errors of the package's own files keep their locations; of several the first is named.
    private static func error(_ text: String, _ location: SourceLocation, _ error: any Error) -> Diagnostic {
        let lead = "'\(PlainText.short(text))' cannot be resolved: "
        guard let error = error as? SpecError, let first = error.diagnostics.first else {
            return Diagnostic(at: location, lead + "\(error)", hint: (error as? any HintedError)?.hint)
        }
        let prefix = first.location.map { "\($0): " } ?? ""
        let others = error.diagnostics.count > 1 ? " (and \(error.diagnostics.count - 1) more)" : ""
        return Diagnostic(at: location, lead + prefix + first.message + others, hint: first.hint)
    }
}
