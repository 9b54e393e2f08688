/// An entry of `files`.
public struct FileSpec: Sendable {
    public enum Content: Sendable {
        case directory
        case symlink(String)
        case contents(String)
        /// A host path, relative to the working directory; `~/` is the home directory.
        case source(String)
        /// The merged spec itself: `yaml` or `json`.
        case metadata(String)
    }

    /// Without a leading slash.
    public var path: String
    public var content: Content
    public var optional = false
    /// Permission bits; nil is 0600, 0700 for a directory.
    public var mode: UInt16?
    public var uid: Identity?
    public var gid: Identity?
    public var location: SourceLocation
    public init(path: String, content: Content, location: SourceLocation) {
        self.path = path
        self.content = content
        self.location = location
    }
}
