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
        #if arch(arm64)
            Platform(architecture: "arm64")
        #else
            Platform(architecture: "amd64")
        #endif
    }

    public var description: String { [os, architecture, variant].compactMap(\.self).joined(separator: "/") }

    /// Whether an image made for `self` is what a user who asked for `wanted` gets: a variant counts only when one was asked for.
    public func satisfies(_ wanted: Platform) -> Bool {
        guard os == wanted.os, architecture == wanted.architecture else { return false }
        return wanted.variant == nil || effectiveVariant == wanted.effectiveVariant
    }

    /// The variant, or what an image without one means (image-spec, image-index.md, platform variants).
    private var effectiveVariant: String? {
        if let variant { return variant }
        return ["arm64": "v8", "arm": "v7", "amd64": "v1"][architecture]
    }
}
