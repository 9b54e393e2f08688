/// A network link to make or to move when the container starts.
public struct InterfaceSpec: Sendable, Equatable {
    public var name: String?
    public var add: String?
    public var peer: String?
    public var createInRoot: Bool?
    public init() {}
}
