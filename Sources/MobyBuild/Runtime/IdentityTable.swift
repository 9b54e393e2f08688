internal import Extents
public import MobySpec

/// The number of each container: from 100 on, through onboot, onshutdown and services in file order; a repeated name
/// keeps its last.
public struct IdentityTable: Sendable {
    public static let first: UInt32 = 100
    private var numbers: [String: UInt32] = [:]

    public init(_ spec: Spec) {
        for (offset, container) in (spec.onboot + spec.onshutdown + spec.services).enumerated() {
            numbers[container.name] = IdentityTable.first + UInt32(offset)
        }
    }

    /// The number an identity stands for: itself, 0 for `root` or nothing, else that of the container; nil for an
    /// unknown name.
    public func number(_ identity: Identity) -> UInt32? {
        switch identity {
        case .number(let number): number
        case .container(let name): name.isEmpty || name == "root" ? 0 : numbers[name]
        }
    }

    /// What to tell someone who wrote a name that is not there.
    func unknown(_ identity: Identity, key: String, at location: SourceLocation) -> Diagnostic {
        guard case .container(let name) = identity else { preconditionFailure("a number is always known") }
        let names = numbers.keys.sorted()
        let known = names.isEmpty ? "there are none" : names.joined(separator: ", ")
        return Diagnostic(
            at: location, "\(key) is '\(PlainText.short(name))', which is not a container of this file",
            hint: "use a number, or one of: \(known)")
    }
}
