/// What the images of a layout are called (image-spec, annotations.md, `org.opencontainers.image.ref.name`).
///
/// Docker since version 25 and containerd write the whole name as `io.containerd.image.name`, and only the tag where
/// the specification has the name.
struct LayoutNames {
    private let all: [Descriptor]

    init(_ index: ImageIndex) { all = index.manifests }

    /// What may be meant without a name: where some have a name, the others are their parts or notes on them.
    var main: [Descriptor] {
        let named = all.filter { Self.name(of: $0) != nil }
        return named.isEmpty ? all : named
    }

    /// Those that a text may mean, by the closest way that there is: exactly a name or a digest; a name with what it
    /// leaves to defaults; the end of a name.
    func named(_ wanted: String) -> [Descriptor] {
        let exact = all.filter { $0.digest.description == wanted || Self.names($0).contains(wanted) }
        if !exact.isEmpty { return exact }
        let canonical = ContentStore.canonical(wanted)
        let meant = all.filter { Self.names($0).contains { ContentStore.canonical($0) == canonical } }
        if !meant.isEmpty { return meant }
        return all.filter {
            Self.names($0).contains { $0.hasSuffix("/\(wanted)") || $0.hasSuffix("/\(wanted):latest") }
        }
    }

    /// The name that tells most.
    static func name(of descriptor: Descriptor) -> String? { names(descriptor).first }

    private static func names(_ descriptor: Descriptor) -> [String] {
        [Descriptor.fullNameAnnotation, Descriptor.nameAnnotation].compactMap { descriptor.annotations?[$0] }
    }

    func error(_ found: String, among candidates: [Descriptor]) -> ImageError {
        let names = candidates.compactMap(Self.name)
        // Without names, or where names do not tell them apart, digests do.
        let shown = Set(names).count == candidates.count ? names : candidates.map(\.digest.description)
        return ImageError(
            "\(found)\n  available: \(ImageError.list(shown, none: "none"))\n  hint: put a name or a digest after the path, with a colon between"
        )
    }
}
