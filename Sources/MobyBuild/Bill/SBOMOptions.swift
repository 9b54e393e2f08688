internal import Attest
internal import JSON

/// Software bills of materials of a build.
public struct SBOMOptions: Sendable {
    /// A form of the document next to the outputs.
    public enum Form: String, Sendable, CaseIterable {
        case spdx, cyclonedx

        /// What follows the build's name.
        var suffix: String { self == .spdx ? ".spdx.json" : ".cdx.json" }

        func text(_ bill: Bill) -> String {
            (self == .spdx ? bill.spdx : bill.cycloneDX).text(indent: 2) + "\n"
        }
    }

    /// Where the root has the SPDX document, without a leading slash; nil leaves it out.
    public var path: String? = Self.usualPath
    /// Next to the outputs, `NAME.spdx.json` and `NAME.cdx.json`.
    public var forms: [Form] = [.spdx]
    /// When documents say they were made, in seconds since 1970; nil is the time of the build's files.
    public var time: UInt64?

    public init() {}

    /// As LinuxKit has it.
    public static let usualPath = "sbom.spdx.json"
    /// No document, neither next to the outputs nor in the root.
    public static var none: SBOMOptions {
        var options = SBOMOptions()
        (options.path, options.forms) = (nil, [])
        return options
    }
}
