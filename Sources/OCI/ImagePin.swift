public import Extents

/// What the name of an image means, decided before: a lock's entry.
public struct ImagePin: Sendable, Equatable {
    /// Of an index or a manifest in the registry; nil for a local source.
    public var digest: Digest?
    /// The manifest for each platform.
    public var manifests: [Platform: Digest]
    /// Where that was written, for messages: file and line of a lock.
    public var origin: String

    public init(digest: Digest?, manifests: [Platform: Digest], origin: String = "the lock") {
        self.digest = digest
        self.manifests = manifests
        self.origin = origin
    }

    /// - Throws: ``PinError`` when an image is not the one that was pinned.
    func check(_ image: Image, _ platform: Platform) throws {
        guard let expected = manifests[platform] else {
            throw PinError(name: image.name, platform: platform, pinned: nil, actual: image.digest, origin: origin)
        }
        guard image.digest == expected else {
            throw PinError(name: image.name, platform: platform, pinned: expected, actual: image.digest, origin: origin)
        }
    }
}

/// An image that differs from what a lock says.
public struct PinError: HintedError, CustomStringConvertible, Sendable {
    public let name: String
    let platform: Platform
    let pinned: Digest?
    let actual: Digest
    let origin: String

    public var description: String {
        guard let pinned else {
            return "image '\(PlainText.short(name))' has no manifest for \(platform) at \(PlainText.short(origin))"
        }
        return
            "image '\(PlainText.short(name))' for \(platform) is \(actual), but \(PlainText.short(origin)) has \(pinned)"
    }

    public var hint: String? {
        pinned == nil
            ? "run 'moby lock' with '--arch \(platform.architecture)' too"
            : "if the change is meant, run 'moby lock --update \(PlainText.short(name))'"
    }
}

extension ImageProvider {
    /// The image that a name is pinned to: of the store, else of the registry by its digest. It keeps its name.
    func image(_ reference: ImageReference, _ pin: ImagePin) async throws -> Image {
        let name = reference.description
        guard let digest = pin.digest else {
            throw ImageError("image '\(name)' has no digest at \(PlainText.short(pin.origin))")
        }
        let exact = reference.digest == nil ? try ImageReference("\(name)@\(digest)") : reference
        var found: Image?
        // By its own name where that means the same: the store notes which names are in use.
        if try store.descriptor(named: name)?.digest == digest {
            found = try store.image(named: name, platform: options.platform, lazily: options.isLazy)
        }
        if found == nil {
            found = try store.image(named: exact.description, platform: options.platform, lazily: options.isLazy)
        }
        if found == nil {
            guard options.pull != .never, !reference.isLocal else {
                throw try absent(name, pulled: exact.description)
            }
            found = try await puller.pull(exact)
        }
        guard let image = found?.named(name) else { throw ContentError.missing(digest) }
        try pin.check(image, options.platform)
        return image
    }

    /// A local source that a bundle has: it is in the store, and need not exist on this machine.
    func bundled(_ source: String) throws -> Image? {
        guard ImageSource.isLocal(source), let pin = options.pins[source], let digest = pin.digest else { return nil }
        guard let size = try HostFiles.size(store.blobPath(digest)) else { throw ContentError.missing(digest) }
        let root = Descriptor(mediaType: "", digest: digest, size: size)
        guard let image = try store.image(root, name: source, platform: options.platform) else {
            throw ContentError.missing(digest)
        }
        try pin.check(image, options.platform)
        return image
    }

    /// Why an image that may not be pulled cannot be used: which of its parts the store lacks.
    /// - Parameter reference: what fetches it.
    func absent(_ name: String, pulled reference: String) throws -> ImageError {
        let hint =
            "run 'moby cache pull \(reference)' with a network, or name a local 'oci:', 'oci-archive:' or 'docker-archive:'"
        let what = "image '\(name)' for \(options.platform) is not in the store '\(store.path)', and pulling is off"
        guard let root = try store.descriptor(named: reference) ?? store.descriptor(named: name),
            let (_, manifest, _) = try store.manifest(below: root, platform: options.platform)
        else { return ImageError(what, hint: hint) }
        let layers = try manifest.layers.enumerated().filter { try !store.has($0.element) }.map { number, layer in
            "layer \(number + 1) of \(manifest.layers.count), \(layer.digest), \(layer.size) bytes"
        }
        guard !layers.isEmpty else { return ImageError(what, hint: hint) }
        return ImageError(
            "image '\(name)' for \(options.platform) is not whole in the store '\(store.path)', and pulling is off\n  missing: "
                + layers.joined(separator: "\n  missing: "), hint: hint)
    }

    /// What a name means: for a lock.
    /// - Parameters:
    ///   - source: as for ``image(_:)``.
    ///   - platforms: whose manifests are looked up.
    ///   - isAsked: asks the registry even when the store has the name.
    /// - Throws: as ``image(_:)``.
    public func resolve(_ source: String, for platforms: [Platform], asking isAsked: Bool) async throws -> ImagePin {
        var pin = ImagePin(digest: nil, manifests: [:])
        guard case .registry(let reference) = try ImageSource(source) else {
            for platform in platforms { pin.manifests[platform] = try await on(platform).image(source).digest }
            return pin
        }
        let name = reference.description
        let isFixed = reference.isLocal || options.pull == .never
        if isFixed || !isAsked, let root = try root(of: reference) {
            pin.digest = root.digest
            for platform in platforms {
                pin.manifests[platform] = try store.manifest(below: root, platform: platform)?.0.digest
            }
            if pin.manifests.count == platforms.count { return pin }
        }
        if reference.isLocal { return ImagePin(digest: try await image(source).digest, manifests: [:]) }
        guard options.pull != .never else { throw try absent(name, pulled: name) }
        // What the store's name means now, for a platform that the store lacks.
        let exact = try pin.digest.map { reference.digest == nil ? try ImageReference("\(name)@\($0)") : reference }
        return try await puller.resolve(exact ?? reference, for: platforms)
    }

    /// What a name means in the store.
    private func root(of reference: ImageReference) throws -> Descriptor? {
        if let root = try store.descriptor(named: reference.description) { return root }
        guard let digest = reference.digest, let bytes = try store.blob(digest) else { return nil }
        return Descriptor(mediaType: "", digest: digest, size: UInt64(bytes.count))
    }

    func on(_ platform: Platform) -> ImageProvider {
        var options = options
        (options.platform, options.pins) = (platform, [:])
        return ImageProvider(store: store, options: options)
    }
}

extension Image {
    /// The same under another name.
    fileprivate func named(_ name: String) -> Image {
        Image(
            name: name, digest: digest, platform: platform, config: config, layers: layers, contentID: contentID)
    }
}
