/// An entry of `volumes`: a named folder that containers share.
public struct VolumeSpec: Sendable {
    public var name: String
    public var image: Located<String>?
    public var readonly = false
    /// `filesystem` or `oci`.
    public var format = "filesystem"
    public var platforms: [String] = []
    public var location: SourceLocation
    public init(name: String, location: SourceLocation) {
        self.name = name
        self.location = location
    }
}
