/// An entry of the 2017 `outputs` section.
public struct OutputSpec: Sendable {
    public var format: Located<String>
    public var project: Located<String>?
    public var bucket: Located<String>?
    public var family: Located<String>?
    public var keys: Located<String>?
    public var isPublic: Bool?
    public var replace: Bool?
    public init(format: Located<String>) { self.format = format }
}
