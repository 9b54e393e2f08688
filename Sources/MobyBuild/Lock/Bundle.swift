public import Extents
internal import FoundationEssentials
public import MobySpec
public import OCI

/// A file of ``BundleWriter``, open. Nothing in it is trusted: names, sizes and digests are checked before anything is
/// used.
public struct Bundle: Sendable {
    public let contents: BundleContents
    public let lock: SpecLock
    /// Names and texts of the spec files, in order.
    public let specs: [(name: String, text: String)]
    public let path: String
    private let archive: LayoutArchive

    /// Bytes of a configuration, a lock or a spec file.
    private static let textLimit: UInt64 = 64 << 20

    /// - Throws: `BundleError` for anything but a bundle; `SpecError` for its lock; `ImageError`, `ContentError`,
    ///   `FileError`.
    public init(_ path: String) throws {
        self.path = path
        let archive = try LayoutArchive(path)
        self.archive = archive
        let index = try Self.decode(ImageIndex.self, archive.index, "index.json", path)
        let version = index.annotations?[BundleContents.annotation]
        guard let version else { throw BundleError(path, "it is an OCI image layout, but not a bundle") }
        guard version == "1" else {
            throw BundleError(path, "it has version '\(PlainText.short(version))', expected 1")
        }
        guard let top = index.manifests.last else { throw BundleError(path, "its index is empty") }
        let manifest = try Self.decode(
            BundleManifest.self, archive.bytes(top, limit: Self.textLimit), "its manifest", path)
        guard manifest.artifactType == BundleContents.artifactType else {
            throw BundleError(path, "its manifest has type '\(PlainText.short(manifest.artifactType))'")
        }
        let contents = try Self.decode(
            BundleContents.self, archive.bytes(manifest.config, limit: Self.textLimit), "its configuration", path)
        func text(_ file: BundleContents.File) throws -> String {
            guard !file.name.contains("\0"), file.name.utf8.count <= 4096 else {
                throw BundleError(path, "it has a file with an invalid name")
            }
            return try UTF8Text.read(archive.bytes(file.content, limit: Self.textLimit), name: "\(path)/\(file.name)")
        }
        guard !contents.name.isEmpty, !contents.name.contains("/"), contents.name != ".", contents.name != "..",
            !contents.name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else { throw BundleError(path, "'\(PlainText.short(contents.name))' is not a valid name of outputs") }
        guard !contents.specs.isEmpty else { throw BundleError(path, "it has no spec file") }
        lock = try LockReader.read(try text(contents.lock), file: "\(path)/\(contents.lock.name)")
        specs = try contents.specs.map { ($0.name, try text($0)) }
        self.contents = contents
    }

    /// Copies the images for a platform into a store, each verified, under names with their digests.
    /// - Returns: what the names in the spec mean.
    /// - Throws: `BundleError` for a platform that the bundle does not have; `ImageError`, `ContentError`.
    public func install(for platform: Platform, into store: ContentStore) throws -> [String: ImagePin] {
        guard lock.platforms.contains(platform) else {
            let known = lock.platforms.map(\.description).joined(separator: ", ")
            throw BundleError(
                path, "it is for \(known), not for \(platform)",
                hint: "choose one with --arch, or write the bundle with '--arch \(platform.architecture)' too")
        }
        var pins: [String: ImagePin] = [:]
        for image in contents.images {
            guard let own = try? Platform(image.platform) else {
                throw BundleError(path, "'\(PlainText.short(image.platform))' is not a platform")
            }
            let name = ImageProvider.canonical(image.name)
            try checkLock(name, image, own)
            do {
                try archive.install(name, root: image.root, manifest: image.manifest, for: own, into: store)
            } catch let error where !(error is CancellationError) {
                throw BundleError(
                    path, "image '\(PlainText.short(name))': \(error)", hint: (error as? any HintedError)?.hint)
            }
            var pin = pins[name] ?? ImagePin(digest: image.root.digest, manifests: [:], origin: path)
            pin.manifests[own] = image.manifest.digest
            pins[name] = pin
        }
        return pins
    }

    /// Copies the files into a folder, each verified.
    /// - Returns: their paths, by the names in the spec.
    public func extractFiles(into folder: String) throws -> [String: String] {
        var paths: [String: String] = [:]
        for (number, file) in contents.files.enumerated() {
            let path = "\(folder)/\(number)"
            do { try archive.write(file.content, to: path) } catch let error as any HintedError {
                throw BundleError(self.path, "file '\(PlainText.short(file.name))': \(error)", hint: error.hint)
            }
            guard paths.updateValue(path, forKey: file.name) == nil else {
                throw BundleError(self.path, "it has file '\(PlainText.short(file.name))' twice")
            }
        }
        return paths
    }

    /// Runs a build with the files of the bundle in place of those of this machine.
    public static func withFiles<Value>(_ files: [String: String]?, _ build: () async throws -> Value) async throws
        -> Value
    {
        guard let files else { return try await build() }
        return try await HostFile.$bundled.withValue(files) { try await build() }
    }

    /// The images of a bundle are those of its lock.
    private func checkLock(_ name: String, _ image: BundleContents.Image, _ platform: Platform) throws {
        guard let locked = lock.image(named: name) else {
            if lock.packages.contains(where: { $0.image == name && $0.platform == platform }) { return }
            throw BundleError(path, "it has image '\(PlainText.short(name))', which its lock does not have")
        }
        let expected = locked.manifests[platform]
        guard locked.digest == nil || locked.digest == image.root.digest, expected == image.manifest.digest else {
            throw BundleError(
                path,
                "image '\(PlainText.short(name))' for \(platform) is \(image.manifest.digest), but its lock has \(expected?.description ?? "none")"
            )
        }
    }

    private static func decode<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8], _ what: String, _ path: String)
        throws -> Value
    {
        do {
            return try ManifestError.decoding(what) { try JSONDecoder().decode(type, from: Data(bytes)) }
        } catch let error as ManifestError { throw BundleError(path, "\(error)") }
    }
}

/// A bundle that cannot be used.
public struct BundleError: HintedError, CustomStringConvertible, Sendable {
    public let description: String
    public let hint: String?

    init(_ path: String, _ reason: String, hint: String? = "write it again with 'moby bundle'") {
        description = "'\(PlainText.short(path))' cannot be used as a bundle: \(reason)"
        self.hint = hint
    }
}
