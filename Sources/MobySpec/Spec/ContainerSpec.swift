/// An entry of `onboot`, `onshutdown` or `services`.
public struct ContainerSpec: Sendable {
    public var name: String
    public var image: Located<String>
    public var location: SourceLocation
    public var options = ContainerOptions()

    public init(name: String, image: Located<String>, location: SourceLocation) {
        self.name = name
        self.image = image
        self.location = location
    }
}
