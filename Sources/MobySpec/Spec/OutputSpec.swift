/// An entry of the 2017 `outputs` section.
public struct OutputSpec: Sendable {
    public var format: Located<String>
    public var project: String?
    public var bucket: String?
    public var family: String?
    public var keys: String?
    public var isPublic: Bool?
    public var replace: Bool?
    public init(format: Located<String>) { self.format = format }
}
