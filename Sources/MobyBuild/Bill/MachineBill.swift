internal import Attest
internal import Extents
internal import JSON
internal import MobySpec
internal import OCI
internal import Progress

/// The SBOM of a machine: its images with their packages. The documents are made once for the same images, and kept.
struct MachineBill {
    /// Changes whenever the same images give other documents.
    static let version = 1

    /// An image of the machine and what it is for.
    private struct Part {
        let source: String
        let image: Image
        var uses: [String]
        /// SBOMs that came with it.
        var attached: [Attestation] = []

        /// All that its entry in a document depends on.
        var line: String {
            "\(source) \(image.identity) \(image.digest) \(uses.joined(separator: ", "))"
                + attached.map { " \($0.digest)" }.joined()
        }
    }

    private let images: ImageSet
    private let options: BuildOptions
    private var parts: [Part] = []

    init(_ spec: Spec, _ images: ImageSet, _ layouts: VolumeLayouts, _ options: BuildOptions) throws {
        (self.images, self.options) = (images, options)
        if let kernel = spec.kernel.image { add(kernel.value, images[kernel], "kernel") }
        for source in spec.`init` { add(source.value, images[source], "init") }
        for section in Spec.Section.allCases {
            for container in spec[section] {
                add(container.image.value, images[container.image], "\(section.rawValue): \(container.name)")
            }
        }
        for volume in spec.volumes {
            guard let source = volume.image else { continue }
            let members = volume.format == .oci ? try layouts.images(of: volume, images) : [images[source]]
            for image in members { add(source.value, image, "volumes: \(volume.name)") }
        }
    }

    private mutating func add(_ source: String, _ image: Image, _ use: String) {
        if let known = parts.firstIndex(where: { $0.source == source && $0.image.digest == image.digest }) {
            parts[known].uses.append(use)
        } else {
            parts.append(Part(source: source, image: image, uses: [use]))
        }
    }

    /// The same with the boot loaders of the build's media.
    func adding(_ loaders: Image?) -> MachineBill {
        guard let loaders else { return self }
        var copy = self
        copy.add(loaders.name, loaders, "boot loaders")
        return copy
    }

    /// The same with the packages that SBOMs next to the images name. Those are not part of the images: what is in the
    /// root cannot depend on them.
    func addingAttached() throws -> MachineBill {
        var copy = self
        for index in parts.indices { copy.parts[index].attached = try attached(to: parts[index].image) }
        return copy
    }

    private func attached(to image: Image) throws -> [Attestation] {
        let progress = images.store.progress
        do {
            let all = try images.store.attestations(of: image, predicateType: AttachedSBOM.predicateType)
            if all.contains(where: { $0.bytes == nil }) {
                progress.warn(
                    "the SBOM that came with image '\(PlainText.short(image.name))' is not in the store: "
                        + "'moby cache pull' fetches it")
            }
            return all.filter { $0.bytes != nil }
        } catch let error as ManifestError {
            progress.warn("image '\(PlainText.short(image.name))': \(error)")
            return []
        }
    }

    /// The image's own packages, and of those that came with it those that are not among them.
    private func packages(_ part: Part) throws -> [SoftwarePackage] {
        var packages = try images.packages(part.image)
        var known = Set(packages.map(\.key))
        for document in part.attached {
            let found: [SoftwarePackage]
            do { found = try AttachedSBOM.packages(document.bytes ?? []) } catch {
                images.store.progress.warn(
                    "the SBOM that came with image '\(PlainText.short(part.image.name))' is left out: \(error)")
                continue
            }
            packages += found.filter { known.insert($0.key).inserted }
        }
        return packages
    }

    /// The bytes of the document in the root; nil when there is none.
    func documentOfRoot() throws -> [UInt8]? { options.sbom.path == nil ? nil : try document(.spdx) }

    /// The bytes of a document.
    func document(_ form: SBOMOptions.Form) throws -> [UInt8] {
        let time = options.sbom.time ?? options.time
        let tool = options.builder.map { $0.split(separator: " ").joined(separator: "-") } ?? "moby"
        let lines = [options.name, "\(time)", tool] + parts.map(\.line)
        let inputs = lines.joined(separator: "\n")
        return try images.cache.small(.bill(form.rawValue, of: inputs, options.provider.platform), of: "the SBOM") {
            let content = SHA256.hash(Array(parts.map(\.line).joined(separator: "\n").utf8)).hex
            let bill = Bill(
                name: options.name, created: time, tool: tool, images: try parts.map(component), content: content)
            return Array(form.text(bill).utf8)
        }
    }

    private func component(_ part: Part) throws -> Bill.Component {
        let reference = try? ImageReference(part.source)
        return Bill.Component(
            reference: ImageProvider.canonical(part.source), repository: reference?.name ?? part.source,
            tag: reference?.tag, digest: part.image.digest.description,
            architecture: part.image.platform.architecture, labels: part.image.config.config?.labels ?? [:],
            packages: try packages(part), uses: part.uses)
    }
}
