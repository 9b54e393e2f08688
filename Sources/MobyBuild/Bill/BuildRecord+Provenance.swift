internal import Attest
internal import Extents
internal import JSON
internal import OCI

extension BuildRecord {
    /// The file's name for a build's name.
    static func provenanceName(_ name: String) -> String { name + ".provenance.json" }

    /// How the build was made, as a statement about its files.
    /// - Parameter documents: names and digests of files next to the listed ones.
    /// - Throws: `JSONError` never: the record is JSON.
    func provenance(_ documents: [Statement.Subject]) throws -> [UInt8] {
        guard let inputs, let options else { return [] }
        let subjects = files.compactMap { file in
            file.sha256.map { Statement.Subject(name: file.name, sha256: $0) }
        }
        var parameters: [JSONValue.Member] = [
            ("spec", .string(inputs.spec)), ("platform", .string(platform)),
            ("options", try JSONValue(parsing: JSONText.compact(options))),
        ]
        if let variables {
            parameters.append(
                ("variables", .object(variables.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })))
        }
        let provenance = Provenance(
            parameters: .object(parameters),
            dependencies: inputs.images.map(\.dependency)
                + inputs.sources.map { Provenance.Dependency(name: $0.source, uri: nil, sha256: $0.sha256) },
            version: options.builder?.split(separator: " ").last.map(String.init) ?? "unknown")
        let statement = provenance.statement(about: subjects + documents)
        return Array((statement.json.text(indent: 2) + "\n").utf8)
    }
}

extension BuildRecord.Inputs.Image {
    fileprivate var dependency: Provenance.Dependency {
        let hex = String(digest.drop { $0 != ":" }.dropFirst())
        guard let image = try? ImageReference(reference) else {
            return Provenance.Dependency(name: reference, uri: nil, sha256: hex)
        }
        var url = PackageURL(
            type: "oci", name: image.repository.split(separator: "/").last.map(String.init)?.lowercased() ?? "image",
            version: digest)
        url.qualifiers["repository_url"] = image.name.lowercased()
        url.qualifiers["tag"] = image.tag
        return Provenance.Dependency(name: reference, uri: url.text, sha256: hex)
    }
}
