/// What is asked about a machine that is there.
public struct InstanceFacts: Sendable, Decodable {
    public struct Interface: Sendable, Decodable {
        public struct Access: Sendable, Decodable { public var natIP: String? }
        public var networkIP: String?
        public var accessConfigs: [Access]?
    }

    public var name: String
    public var status: String?
    public var labels: [String: String]?
    public var networkInterfaces: [Interface]?

    /// The address that the world sees.
    public var address: String? { networkInterfaces?.lazy.compactMap { $0.accessConfigs?.lazy.compactMap(\.natIP).first }.first }
}
