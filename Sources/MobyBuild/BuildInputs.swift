internal import Archive
internal import Extents
internal import MobySpec
internal import OCI

extension BuildRecord {
    /// What a build is made from, each by its digest: equal inputs and options give equal files.
    public struct Inputs: Codable, Sendable, Equatable {
        /// An image for the platform of the build.
        public struct Image: Codable, Sendable, Equatable {
            /// As the resolved spec names it.
            public var reference: String
            /// Of the platform's manifest, `sha256:…`.
            public var digest: String
            /// Of the configuration, `sha256:…`: the same from a registry and from an archive.
            public var config: String
            /// The platform, where it is not that of the build.
            public var platform: String?
        }

        /// A file of the build machine.
        public struct Source: Codable, Sendable, Equatable {
            /// As the resolved spec names it.
            public var source: String
            /// In hexadecimal.
            public var sha256: String
        }

        /// The merged spec with the values of its variables, in YAML; names of packages are references.
        public var spec: String
        /// In the order of their references.
        public var images: [Image]
        /// In the order of their names.
        public var sources: [Source]
    }

    /// Options that the bytes depend on.
    public struct Options: Codable, Sendable, Equatable {
        /// The moby that built, e.g. `moby 1.2.0`; nil when it did not say.
        public var builder: String?
        /// Prefix of the files' names.
        public var name: String
        public var formats: [String]
        /// Minimum size of a disk in bytes.
        public var size: UInt64?
        /// Of the initrd, as `--compress` takes it; nil is the kernel's best.
        public var compress: String?
        public var decompressKernel: Bool
        /// The image with boot loaders, when a format needs them.
        public var bootLoaders: String?
        /// Times of files on media, in seconds since 1970.
        public var time: UInt64
        /// SHA-256 of the certificate for Secure Boot, when executables are signed.
        public var certificate: String?
        /// Path of the SBOM in the root, without a leading slash; nil without one.
        public var sbom: String?
        /// Names of the SBOM's forms next to the files.
        public var sbomForms: [String]?
    }
}

extension BuildRecord.Inputs.Image {
    init(_ reference: String, _ image: OCI.Image, of platform: Platform) {
        self.init(
            reference: reference, digest: image.digest.description, config: image.identity,
            platform: image.platform == platform ? nil : image.platform.description)
    }
}

extension BuildRecord.Inputs {
    /// - Parameters:
    ///   - images: with the text that names each.
    ///   - sources: files of the build machine, by name.
    /// - Throws: `FileError` when a source cannot be read any more.
    init(_ spec: Spec, _ images: [(String, OCI.Image)], sources: [String: ExtentList], platform: Platform) throws {
        self.init(
            spec: spec.yaml, images: images.map { Image($0, $1, of: platform) }.sorted { $0.reference < $1.reference },
            sources: try sources.sorted { $0.key < $1.key }.map { Source(source: $0, sha256: try $1.sha256()) })
    }
}

extension ExtentList {
    /// In hexadecimal.
    func sha256() throws -> String {
        let hash = SHA256()
        try ExtentReader.read(self) { hash.update($0) }
        return hash.finalize().hex
    }
}

extension BuildRecord.Options {
    init(_ options: BuildOptions, _ plan: BuildPlan, bootLoaders: String?) throws {
        self.init(
            builder: options.builder, name: options.name, formats: plan.formats.map(\.name), size: options.size,
            compress: options.compression?.option, decompressKernel: options.decompressKernel,
            bootLoaders: plan.needsBootLoaders ? bootLoaders : nil, time: options.time,
            certificate: try options.signing.map { try HostFiles.sha256($0.certificate).hex },
            sbom: options.sbom.path, sbomForms: options.sbom.forms.map(\.rawValue))
    }
}

extension Compression {
    /// As `--compress` takes it.
    var option: String {
        switch self {
        case .none: "none"
        case .gzip: "gzip"
        case .zstd(let level): "zstd:\(level)"
        }
    }
}
