internal import BootLayout

/// Where one container lies in the guest.
public struct Placement: Sendable {
    public enum Stage: String, Sendable, CaseIterable { case onboot, onshutdown, services }

    public let stage: Stage
    /// Position in its section, from 0.
    public let index: Int
    public let name: String
    /// Where its image's tree lies, e.g. `/images/0123456789abcdef`.
    public let imageTree: String

    public init(stage: Stage, index: Int, name: String, imageTree: String) {
        self.stage = stage
        self.index = index
        self.name = name
        self.imageTree = imageTree
    }

    /// Name of the bundle directory, which is also runc's container id: services by name, the others with a three-digit
    /// position.
    public var identifier: String {
        guard stage != .services else { return name }
        let digits = String(index)
        return String(repeating: "0", count: max(0, 3 - digits.count)) + digits + "-" + name
    }

    /// The bundle directory.
    public var bundle: String {
        switch stage {
        case .onboot: "\(BootLayout.onboot)/\(identifier)"
        case .onshutdown: "\(BootLayout.onshutdown)/\(identifier)"
        case .services: "\(BootLayout.services)/\(identifier)"
        }
    }
}
