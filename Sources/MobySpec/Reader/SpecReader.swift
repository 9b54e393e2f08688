/// Reads YAML (or JSON) into a `Spec`, and locates every error.
public enum SpecReader {
    /// Where text comes from: a path, `-` for standard input.
    public struct Source: Sendable {
        public var name: String
        public var text: String
        /// Folder that `@pkg:` is relative to; nil for a text from the network, which should not name anything of this
        /// machine.
        public var folder: String?
        public init(name: String, text: String, folder: String?) {
            self.name = name
            self.text = text
            self.folder = folder
        }
    }

    /// The most errors that are reported; a file of another kind has thousands.
    private static let errorLimit = 100

    /// Reads and merges several sources, left to right.
    /// - Parameters:
    ///   - outputFormats: the names that `outputs` may have; empty for any.
    ///   - notMade: names that are known but not supported, each with a hint.
    ///   - ignoringTrust: skips `trust` and the warning about it.
    ///   - variables: the values of `${NAME}`.
    ///   - resolvePackage: the image reference for `@pkg:DIR` (made absolute) or `@moby:NAME`; throws a message when
    ///     there is none.
    /// - Returns: the spec and the warnings.
    /// - Throws: `SpecError` with all errors of all sources.
    public static func read(
        _ sources: [Source], outputFormats: [String] = [], notMade: [String: String] = [:], ignoringTrust: Bool = false,
        variables: Variables = Variables(), resolvePackage: (PackageTemplate) throws -> String
    ) throws -> (spec: Spec, warnings: [Diagnostic]) {
        var found: [Diagnostic] = []
        var documents: [(source: Source, root: Node)] = sources.compactMap { source in
            root(source, ignoringTrust, &found).map { (source, $0) }
        }
        var expansion = VariableExpansion(variables, declaredIn: documents.map(\.root))
        for index in documents.indices { expansion.expand(&documents[index].root) }
        documents = machineContainers(documents) + documents
        withoutActuallyEscaping(resolvePackage) { resolve in
            var templates = Templates(resolve)
            for index in documents.indices {
                templates.expand(&documents[index].root, in: documents[index].source, &found)
            }
            found += templates.warnings
        }
        var merge = ContainerMerge()
        var roots = documents.map(\.root)
        merge.apply(to: &roots)
        var spec = Spec()
        var declared: [String: Set<String>] = [:]
        for root in roots {
            var reading = Reading()
            if let part = KeyTable.spec.read(root, into: Spec(), &reading) { spec.merge(part) }
            declared.merge(reading.declared) { $0.union($1) }
            found += reading.problems
        }
        withoutActuallyEscaping(resolvePackage) { resolve in
            var containers = VolumeContainers(resolve)
            containers.add(to: &spec)
            found += containers.problems
        }
        spec.variables = expansion.used
        spec.knownVariables = expansion.known
        found += merge.problems
        found += SpecCheck(spec, declared: declared, outputFormats: outputFormats, notMade: notMade).found
        found.removeAll { expansion.isError(at: $0.location) }
        found += expansion.problems
        found = sorted(found, files: sources.map(\.name))
        guard !found.contains(where: { $0.severity == .error }) else { throw SpecError(limited(found)) }
        let remote = Set(sources.filter { $0.folder == nil }.map(\.name))
        return (spec, sorted(found + SpecLint(spec, remote: remote).warnings, files: sources.map(\.name)))
    }

    private static func machineContainers(_ documents: [(source: Source, root: Node)]) -> [(source: Source, root: Node)]
    {
        guard let root = MachineContainers.document(for: documents.map(\.root)) else { return [] }
        return [(Source(name: root.location.file, text: "", folder: nil), root)]
    }

    /// Reads an image's `org.mobyproject.config` label with the same table of keys.
    /// - Throws: `SpecError`; locations name the label.
    public static func label(_ text: String, of image: String) throws -> ContainerOptions {
        var problems: [Diagnostic] = []
        let root = document(
            Source(name: "label org.mobyproject.config of \(image)", text: text, folder: nil), &problems)
        var options = ContainerOptions()
        if let root {
            var reading = Reading()
            options = reading.within(.entry("the label")) { KeyTable.options.read(root, into: options, &$0) } ?? options
            options.locations = KeyLocations(root).locations
            problems += reading.problems
        }
        guard problems.allSatisfy({ $0.severity != .error }) else {
            throw SpecError(limited(sorted(problems, files: [])))
        }
        return options
    }

    /// The document of a source; nil when there is none, which is an error.
    private static func root(_ source: Source, _ ignoringTrust: Bool, _ problems: inout [Diagnostic]) -> Node? {
        let before = problems.count
        guard var root = document(source, &problems), !root.isNull else {
            let top = SourceLocation(file: source.name, line: 1, column: 1)
            if problems.count == before {
                problems.append(
                    Diagnostic(
                        at: top, "the file is empty", hint: "'moby schema --markdown' prints what a file may have"))
            }
            return nil
        }
        if ignoringTrust { root.remove(key: "trust") }
        return root
    }

    /// JSON is read as such where it is JSON: YAML is not quite a superset of it.
    private static func document(_ source: Source, _ problems: inout [Diagnostic]) -> Node? {
        if let json = Node.json(source.text, file: source.name, &problems) { return json }
        return YAMLReader.read(source.text, file: source.name, &problems)
    }

    /// By file in the order given, then by position.
    private static func sorted(_ problems: [Diagnostic], files: [String]) -> [Diagnostic] {
        let ranks = Dictionary(files.enumerated().map { ($1, $0) }) { first, _ in first }
        func rank(_ problem: Diagnostic) -> Int { problem.location.flatMap { ranks[$0.file] } ?? 0 }
        return problems.enumerated().sorted { a, b in
            let (x, y) = (a.element.location, b.element.location)
            return (rank(a.element), x?.line ?? 0, x?.column ?? 0, a.offset) < (
                rank(b.element), y?.line ?? 0, y?.column ?? 0, b.offset
            )
        }.map(\.element)
    }

    private static func limited(_ problems: [Diagnostic]) -> [Diagnostic] {
        guard problems.count > errorLimit else { return problems }
        return problems.prefix(errorLimit) + [
            Diagnostic(at: nil, "\(problems.count - errorLimit) more errors are not shown")
        ]
    }
}

extension SpecReader {
    /// The errors in a part of a file that becomes the label `org.mobyproject.config`.
    static func errors(ofLabel node: Node) -> [Diagnostic] {
        var reading = Reading()
        _ = reading.within(.entry("config")) { KeyTable.options.read(node, into: ContainerOptions(), &$0) }
        return reading.problems.filter { $0.severity == .error }
    }
}

/// The text of a file: UTF-8, or UTF-16 with a byte order mark, as PowerShell writes it. The mark is not part of the
/// text.
public enum UTF8Text {
    /// - Throws: `SpecError` with the place of the first byte that is neither.
    public static func read(_ bytes: [UInt8], name: String) throws -> String {
        switch bytes.prefix(2) {
        case [0xFF, 0xFE]: return try utf16(bytes.dropFirst(2), name) { UInt16($0) | UInt16($1) << 8 }
        case [0xFE, 0xFF]: return try utf16(bytes.dropFirst(2), name) { UInt16($0) << 8 | UInt16($1) }
        default: break
        }
        let bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        throw error(UTF8(), bytes, name, "this is not UTF-8 text")
    }

    private static func utf16(_ bytes: ArraySlice<UInt8>, _ name: String, _ unit: (UInt8, UInt8) -> UInt16) throws
        -> String
    {
        let bytes = Array(bytes)
        let units = stride(from: 0, to: bytes.count - 1, by: 2).map { unit(bytes[$0], bytes[$0 + 1]) }
        if bytes.count.isMultiple(of: 2), let text = String(validating: units, as: UTF16.self) { return text }
        throw error(UTF16(), units, name, "this is not UTF-16 text, although it begins with UTF-16's byte order mark")
    }

    /// The error at the first unit that cannot be decoded.
    private static func error<Codec: UnicodeCodec, Units: Sequence<Codec.CodeUnit>>(
        _ codec: Codec, _ units: Units, _ name: String, _ message: String
    ) -> SpecError {
        var (line, column) = (1, 1)
        var (codec, rest) = (codec, units.makeIterator())
        while case .scalarValue(let scalar) = codec.decode(&rest) {
            (line, column) = scalar == "\n" ? (line + 1, 1) : (line, column + 1)
        }
        let location = SourceLocation(file: name, line: line, column: column)
        return SpecError([Diagnostic(at: location, message, hint: "save the file as UTF-8")])
    }
}
