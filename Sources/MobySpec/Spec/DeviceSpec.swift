/// A device node of a container.
public struct DeviceSpec: Sendable, Equatable {
    public var path: String
    public var type: String
    public var major: Int64
    public var minor: Int64
    /// Permission bits; nil only for `path: all`.
    public var mode: UInt32?
    public init(path: String, type: String, major: Int64 = 0, minor: Int64 = 0, mode: UInt32? = nil) {
        self.path = path
        self.type = type
        self.major = major
        self.minor = minor
        self.mode = mode
    }
}
