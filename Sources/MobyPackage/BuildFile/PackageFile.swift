public import MobySpec

/// An entry of `files` in a `build.yml`.
public struct PackageFile: Sendable {
    public enum Content: Sendable {
        case directory
        case symlink(String)
        case contents(String)
        /// A file or folder next to `build.yml`.
        case source(Located<String>)
        /// Files of the image's packages, by pattern, one after the other in the order of their paths.
        case concatenation([Located<String>])
    }

    /// Where it goes: one path, or the lines of a file next to `build.yml`.
    public enum Place: Sendable {
        case path(String)
        case list(Located<String>)
    }

    public var place: Place
    public var content: Content
    /// Permission bits; nil is 0755 for folders and executable sources, 0644 for the rest.
    public var mode: UInt16?
    public var uid: UInt32 = 0
    public var gid: UInt32 = 0
    public var location: SourceLocation
}
