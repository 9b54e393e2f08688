internal import Extents
internal import MachineModel

/// An operating system and CPU architecture in Go's terms (image-spec, image-index.md).
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

    /// Reads `os/arch[/variant]`; usual names of architectures such as `x86_64` are accepted.
    /// - Throws: ``ImageError``.
    public init(_ text: String) throws(ImageError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let isPlain = { (part: String) in
            !part.isEmpty && part.utf8.allSatisfy { $0.isASCIIDigit || $0.isASCIILowercase || $0 == UInt8(ascii: "_") }
        }
        guard (2...3).contains(parts.count), parts.allSatisfy(isPlain) else {
            throw ImageError(
                "'\(PlainText.short(text))' is not a platform of the form os/arch[/variant]",
                hint: "for example linux/amd64")
        }
        self.init(
            os: parts[0], architecture: Architecture(named: parts[1])?.name ?? parts[1],
            variant: parts.count == 3 ? parts[2] : nil)
    }

    /// The machine this program was built for.
    public static var host: Platform {
        Platform(architecture: Architecture.host.name)
    }

    enum CodingKeys: String, CodingKey { case os, architecture, variant }

    /// Accepts what old tools leave out: absent, null or empty.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        os = try values.decodeIfPresent(String.self, forKey: .os) ?? ""
        let name = try values.decodeIfPresent(String.self, forKey: .architecture) ?? ""
        // Some tools write the names of uname(1) where Go's belong.
        architecture = Architecture.all.first { $0.linuxName == name }?.name ?? name
        variant = try values.decodeIfPresent(String.self, forKey: .variant).flatMap { $0.isEmpty ? nil : $0 }
    }

    public var description: String {
        let parts = [os, architecture, variant].compactMap { $0.flatMap { $0.isEmpty ? nil : $0 } }
        return parts.isEmpty ? "unknown" : parts.joined(separator: "/")
    }

    /// Whether the architecture is known.
    public var isKnown: Bool { !architecture.isEmpty }

    /// Whether an image for `self` suits a user who wants `wanted`: a variant counts only when one is wanted, and
    /// unknown parts fit.
    public func satisfies(_ wanted: Platform) -> Bool {
        guard os.isEmpty || os == wanted.os, !isKnown || architecture == wanted.architecture else { return false }
        return !isKnown || wanted.variant == nil || effectiveVariant == wanted.effectiveVariant
    }

    /// The variant, or that of an image without one.
    private var effectiveVariant: String? {
        variant ?? Architecture.all.first { $0.name == architecture }?.usualVariant
    }
}
