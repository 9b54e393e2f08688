internal import Extents
internal import OCI

/// Reads `build.yml`, strictly: what it does not know is an error.
public enum PackageSpecReader {
    /// - Throws: `SpecError` with every error.
    public static func read(_ text: String, file: String) throws -> PackageSpec {
        var diagnostics: [Diagnostic] = []
        guard let root = YAMLReader.read(text, file: file, &diagnostics) else {
            let empty = Diagnostic(
                at: SourceLocation(file: file, line: 1, column: 1), "build.yml is empty",
                hint: "it needs 'image' at least")
            throw SpecError(diagnostics.isEmpty ? [empty] : diagnostics)
        }
        var reading = Reading()
        let spec = reading.within(.entry("build.yml")) {
            KeyTable.package.read(root, into: PackageSpec(image: Located("", at: root.location)), &$0)
        }
        diagnostics += reading.problems
        if let spec { diagnostics += check(spec, root) }
        // What the reader of YAML only warns about would be left out of the image in silence.
        guard let spec, diagnostics.isEmpty else { throw SpecError(diagnostics) }
        return spec
    }

    /// What several keys say together.
    private static func check(_ spec: PackageSpec, _ root: Node) -> [Diagnostic] {
        var found: [Diagnostic] = []
        // The location of the whole file is that of an 'image' that is missing, which is reported already.
        if spec.image.location != root.location, (try? ImageReference("\(spec.org)/\(spec.image.value):0")) == nil {
            let name = root["org"] == nil ? spec.image.value : "\(spec.org)/\(spec.image.value)"
            found.append(
                Diagnostic(
                    at: spec.image.location, "'\(PlainText.short(name))' is not a valid image name",
                    hint: "a name has lower-case letters, digits, '.', '_' and '-'; the tag comes from moby"))
        }
        guard case .mapping(let labels)? = root["labels"]?.content,
            let label = labels.first(where: { $0.key.value == PackageSpec.configLabel })
        else { return found }
        if root["config"] != nil {
            found.append(
                Diagnostic(
                    at: label.key.location, "label '\(label.key.value)' and 'config' cannot be combined",
                    hint: "remove one of them"))
        }
        var errors: [Diagnostic] = []
        let text = spec.labels[PackageSpec.configLabel] ?? ""
        if let node = YAMLReader.read(text, file: "", &errors) { errors += SpecReader.errors(ofLabel: node) }
        return found
            + errors.map {
                Diagnostic(at: label.key.location, "label '\(label.key.value)': \($0.message)", hint: $0.hint)
            }
    }

    /// The error of a line of a list of paths, which must stay inside the image.
    public static func error(ofPath path: String, at location: SourceLocation) -> Diagnostic? {
        GuestPath.check(inner: path)?.diagnostic("the path", at: location)
    }
}
