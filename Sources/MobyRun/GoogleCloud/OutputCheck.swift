internal import Extents
internal import GCP
public import MobySpec

/// Checks of `outputs` without a network: names that Google would refuse, keys that cannot be used, entries
/// that do not do what they seem to.
public struct OutputCheck {
    public private(set) var found: [Diagnostic] = []

    /// Formats of 2017 that are for Google; the last one is never uploaded.
    static let uploads: Set = ["gcp", "gcp-storage"]
    private static let formats = uploads.union(["gcp-img"])

    public init(_ spec: Spec) {
        for output in spec.outputs { check(output) }
    }

    private mutating func check(_ output: OutputSpec) {
        let keys = Self.keys(of: output)
        let format = output.format.value
        guard Self.formats.contains(format) else {
            for (key, location) in keys {
                warn(
                    location, "'\(key)' has no effect: '\(format)' is not uploaded",
                    hint: "remove it, or write 'format: gcp'")
            }
            return
        }
        check(output.project) { value throws(RunError) in try GCPNames.project(value) }
        check(output.bucket) { value throws(RunError) in try GCPNames.bucket(value) }
        check(output.family) { value throws(RunError) in try GCPNames.resource(value, "family", option: "'family'") }
        if Self.uploads.contains(format) { checkUpload(output, keys.first?.key) }
    }

    private mutating func checkUpload(_ output: OutputSpec, _ key: String?) {
        if output.bucket == nil, output.project == nil, key != nil || output.format.value == "gcp-storage" {
            warn(
                output.format.location,
                "nothing is uploaded: this '\(output.format.value)' names neither a bucket nor a project",
                hint: "add bucket: NAME, or upload the file with 'moby push gcp'")
        }
        guard let keys = output.keys else { return }
        do { _ = try Credential.read(keys.value, namedBy: "'keys'") } catch {
            found.append(Diagnostic(at: keys.location, "\(error)", hint: (error as? any HintedError)?.hint))
        }
    }

    private mutating func check(_ value: Located<String>?, _ rule: (String) throws(RunError) -> Void) {
        guard let value else { return }
        do throws(RunError) { try rule(value.value) } catch {
            found.append(Diagnostic(at: value.location, error.description, hint: error.hint))
        }
    }

    private mutating func warn(_ location: SourceLocation, _ message: String, hint: String) {
        found.append(Diagnostic(.warning, at: location, message, hint: hint))
    }

    /// The keys next to the format, and their locations.
    private static func keys(of output: OutputSpec) -> [(key: String, location: SourceLocation)] {
        let texts = [
            ("project", output.project), ("bucket", output.bucket), ("family", output.family), ("keys", output.keys),
        ]
        let switches = [("public", output.isPublic), ("replace", output.replace)]
        return texts.compactMap { key, value in value.map { (key, $0.location) } }
            + switches.compactMap { key, value in value == nil ? nil : (key, output.format.location) }
    }
}
