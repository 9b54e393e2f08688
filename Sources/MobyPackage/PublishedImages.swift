internal import Extents
internal import JSON
internal import MobyBuild
internal import OCI

/// `images.json` of an installation: the system images that a registry has, so that they are pulled instead of built.
///
/// ```json
/// {"repository": "ghcr.io/acme/moby", "digests": {"nginx:8d89d28f…": "sha256:1f5a…"}}
/// ```
///
/// This names `ghcr.io/acme/moby/nginx@sha256:1f5a…`. The tag is the hash of all inputs: a definition that was changed
/// since is built, and not pulled.
public struct PublishedImages: Sendable {
    private let repository: String
    /// By name and tag.
    private let digests: [String: Digest]

    /// - Parameter file: for errors.
    /// - Throws: `BuildError`.
    public init(parsing bytes: [UInt8], file: String) throws {
        func error(_ reason: String) -> BuildError {
            BuildError(
                "'\(PlainText.short(file))': \(PlainText.line(reason))",
                hint: "correct the file, or remove it: then the images are built")
        }
        let value: JSONValue
        do { value = try JSONValue(parsing: bytes) } catch let cause { throw error("\(cause)") }
        guard let repository = value["repository"]?.string, let members = value["digests"]?.members else {
            throw error("expected an object with 'repository' and 'digests'")
        }
        do { _ = try ImageReference("\(repository)/x") } catch let cause { throw error("repository: \(cause)") }
        self.repository = repository
        let pairs = try members.map { member in
            guard let text = member.value.string, let digest = Digest(text) else {
                throw error("the value of '\(PlainText.short(member.key))' is not 'sha256:' with 64 digits 0-9 and a-f")
            }
            return (member.key, digest)
        }
        digests = Dictionary(pairs) { _, last in last }
    }

    /// The image in the registry for a local reference, e.g. `localhost/moby/nginx:8d89…`; nil when there is none.
    func source(of reference: String) -> String? {
        let prefix = ImageReference.localPrefix + "/"
        guard reference.hasPrefix(prefix), let digest = digests[String(reference.dropFirst(prefix.count))] else {
            return nil
        }
        let name = reference.dropFirst(prefix.count).prefix { $0 != ":" }
        return "\(repository)/\(name)@\(digest)"
    }
}
