/// What is asked about an image that is there.
public struct ImageFacts: Sendable, Decodable {
    public struct Feature: Sendable, Decodable { public var type: String? }

    public var name: String
    public var status: String?
    public var licenses: [String]?
    public var guestOsFeatures: [Feature]?
    /// In GB; JSON has it as text.
    public var diskSizeGb: String?

    public func has(_ feature: String) -> Bool { guestOsFeatures?.contains { $0.type == feature } ?? false }
    public var isNested: Bool { licenses?.contains { $0.hasSuffix("/licenses/enable-vmx") } ?? false }
}
