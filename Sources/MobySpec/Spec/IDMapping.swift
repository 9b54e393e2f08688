/// A range of a user namespace (user_namespaces(7)).
public struct IDMapping: Sendable, Equatable {
    public var hostID: UInt32
    public var containerID: UInt32
    public var size: UInt32
    public init(hostID: UInt32, containerID: UInt32, size: UInt32) {
        self.hostID = hostID
        self.containerID = containerID
        self.size = size
    }
}
