/// The section `boot`.
public struct BootSpec: Sendable {
    /// Image with the boot loaders of formats that boot by themselves.
    public var image: Located<String>?

    public init() {}
}
