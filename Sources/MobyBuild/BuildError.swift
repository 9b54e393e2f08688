public import Extents

/// A build that cannot go on: what was found, and what to do about it.
public struct BuildError: HintedError, CustomStringConvertible, Sendable, Equatable {
    public let description: String
    public let hint: String?

    public init(_ description: String, hint: String? = nil) {
        self.description = description
        self.hint = hint
    }

    /// A format that boots by itself, and nothing names the image that its boot loaders come from.
    public static let noBootLoaders = BuildError(
        "a format that boots by itself needs an image with boot loaders, and none is named", hint: bootLoadersHint)

    static let bootLoadersHint =
        "name moby's package folder pkg/bootloaders with --bootloader @pkg:DIR, or with boot: {image: \"@pkg:DIR\"} in the spec"
}
