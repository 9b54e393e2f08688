internal import BootLayout
internal import Extents

/// An entry of `binds`: `source:destination[:options]`.
public struct Bind: Sendable, Hashable {
    /// An absolute path, or the name of a volume.
    public let source: String
    /// An absolute path.
    public let destination: String
    /// nil without a third part.
    public let options: [String]?

    init(_ text: String) throws(SyntaxError) {
        let parts = GuestPath.parts(text)
        guard parts.count == 2 || parts.count == 3, !parts[0].isEmpty else {
            throw SyntaxError(
                "is '\(PlainText.short(text))', expected source:destination[:options]",
                hint: "for example /etc/resolv.conf:/etc/resolv.conf:ro")
        }
        source = parts[0]
        destination = try GuestPath.destination(parts[1], of: text)
        options = parts.count == 3 ? parts[2].split(separator: ",").map(String.init) : nil
    }

    var text: String { "\(source):\(destination)" + (options.map { ":" + $0.joined(separator: ",") } ?? "") }
}

/// An entry of `tmpfs`: `destination[:options]`.
public struct Tmpfs: Sendable, Hashable {
    /// An absolute path.
    public let destination: String
    public let options: [String]

    init(_ text: String) throws(SyntaxError) {
        let parts = GuestPath.parts(text)
        guard parts.count <= 2 else {
            throw SyntaxError(
                "is '\(PlainText.short(text))', expected destination[:options]",
                hint: "options are separated by commas: /tmp:size=64m,mode=1777")
        }
        destination = try GuestPath.destination(parts[0], of: text)
        options = parts.count == 2 ? parts[1].split(separator: ",").map(String.init) : []
    }

    var text: String { destination + (options.isEmpty ? "" : ":" + options.joined(separator: ",")) }
}

/// The volumes of a spec by name: what a bind's source without a leading slash refers to.
public struct VolumeTable: Sendable {
    private let volumes: [String: VolumeSpec]

    /// Where the volumes on disks are mounted, by their names.
    static let disks = "/var/lib/volumes"

    public init(_ spec: Spec) {
        volumes = Dictionary(spec.volumes.map { ($0.name, $0) }) { first, _ in first }
    }

    var names: Set<String> { Set(volumes.keys) }

    /// The path of a bind's source in the guest: an absolute path is itself, a name is the volume's merged directory,
    /// or where its disk is mounted.
    /// - Throws: the problem with the use of a volume; the message continues the name of its user.
    public func path(of source: String, options: [String]) throws(SyntaxError) -> String {
        guard !source.hasPrefix("/") else { return source }
        guard let volume = volumes[source] else {
            let guess = Spelling.closest(to: source, in: volumes.keys.sorted())
            throw SyntaxError(
                "uses the volume '\(PlainText.short(source))', which does not exist",
                hint: guess.map { "did you mean '\($0)'?" } ?? "declare it under 'volumes', or begin a path with '/'")
        }
        // The last of them decides, as runc applies them in order.
        if volume.readonly, options.last(where: { $0 == "ro" || $0 == "rw" }) != "ro" {
            throw SyntaxError(
                "writes to the read-only volume '\(PlainText.short(source))'",
                hint: "add the option 'ro', or remove 'readonly' from the volume")
        }
        return volume.device == nil ? "\(BootLayout.volumes)/\(source)/merged" : "\(Self.disks)/\(source)"
    }
}
