internal import MachineModel

/// An operating system and CPU architecture in Go's words (image-spec, image-index.md).
public struct Platform: Hashable, Sendable, Codable, CustomStringConvertible {
    /// Operating system, e.g. `linux`.
    public var os: String
    /// CPU architecture, e.g. `amd64`.
    public var architecture: String
    /// CPU variant, e.g. `v7`; nil for the usual one.
    public var variant: String?

    public init(os: String = "linux", architecture: String, variant: String? = nil) {
        self.os = os
        self.architecture = architecture
        self.variant = variant
    }

    /// The machine this program was built for.
    public static var host: Platform {
        Platform(architecture: Architecture.host.name)
    }

    enum CodingKeys: String, CodingKey { case os, architecture, variant }

    /// Takes what old tools leave out, as they leave it out: absent, null or empty.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        os = try values.decodeIfPresent(String.self, forKey: .os) ?? ""
        architecture = try values.decodeIfPresent(String.self, forKey: .architecture) ?? ""
        variant = try values.decodeIfPresent(String.self, forKey: .variant).flatMap { $0.isEmpty ? nil : $0 }
    }

    public var description: String {
        let parts = [os, architecture, variant].compactMap { $0.flatMap { $0.isEmpty ? nil : $0 } }
        return parts.isEmpty ? "not said" : parts.joined(separator: "/")
    }

    /// Whether it is said for which processor the image was made.
    public var isKnown: Bool { !architecture.isEmpty }

    /// Whether an image made for `self` is what a user who asked for `wanted` gets: a variant counts only when one was
    /// asked for, and what is not said is taken to fit.
    public func satisfies(_ wanted: Platform) -> Bool {
        guard os.isEmpty || os == wanted.os, !isKnown || architecture == wanted.architecture else { return false }
        return !isKnown || wanted.variant == nil || effectiveVariant == wanted.effectiveVariant
    }

    /// The variant, or what an image without one means (image-spec, image-index.md, platform variants).
    private var effectiveVariant: String? {
        if let variant { return variant }
        return ["arm64": "v8", "arm": "v7", "amd64": "v1"][architecture]
    }
}
