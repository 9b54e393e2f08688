internal import BootLayout
internal import Extents
public import MobySpec

/// The volumes of a spec by name: what a mount source without a leading slash stands for.
public struct VolumeTable: Sendable {
    private let volumes: [String: VolumeSpec]

    public init(_ spec: Spec) {
        volumes = Dictionary(spec.volumes.map { ($0.name, $0) }) { _, last in last }
    }

    /// The guest path for a bind source: an absolute path is itself, a name is the volume's `merged` directory.
    /// - Throws: `Diagnostic` for an unknown volume, or a writable use of a read-only one.
    func source(_ source: String, options: [String], at location: SourceLocation) throws(Diagnostic) -> String {
        guard !source.hasPrefix("/") else { return source }
        guard let volume = volumes[source] else {
            let names = volumes.keys.sorted().joined(separator: ", ")
            throw Diagnostic(
                at: location, "'\(PlainText.short(source))' is neither an absolute path nor a volume",
                hint: names.isEmpty
                    ? "declare it under volumes:, or start it with '/'" : "volumes of this file: \(names)")
        }
        if volume.readonly {
            let writable = options.firstIndex(of: "rw") ?? Int.max
            guard let readonly = options.firstIndex(of: "ro"), readonly < writable else {
                throw Diagnostic(
                    at: location, "volume '\(PlainText.short(source))' is read-only, and this use of it is not",
                    hint: "add the option 'ro': \(source):/path:ro")
            }
        }
        return "\(BootLayout.volumes)/\(source)/merged"
    }
}
