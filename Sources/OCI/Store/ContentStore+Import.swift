internal import Extents
internal import Glibc

extension ContentStore {
    /// Takes the images of an archive into the store, each under its name: what ``export(_:as:platform:_:write:)``,
    /// `docker save`, skopeo and others write, plain or compressed.
    /// - Parameters:
    ///   - file: the archive.
    ///   - name: the name to give; needed when the archive has none, and possible only when it has one image.
    ///   - platform: whose images are taken.
    /// - Returns: what was taken, in the archive's order.
    /// - Throws: `ImageError`, `ManifestError`, `ContentError`, `FileError`.
    public func importArchive(_ file: String, as name: String? = nil, platform: Platform) throws -> [Entry] {
        try importArchive(file, called: "'\(PlainText.short(file))'", as: name, platform: platform)
    }

    private func importArchive(_ file: String, called what: String, as name: String?, platform: Platform) throws
        -> [Entry]
    {
        do { return try take(file, as: name, platform: platform) } catch let error where !(error is CancellationError) {
            throw ImageError("importing \(what): \(error)", underlying: error)
        }
    }

    private func take(_ file: String, as name: String?, platform: Platform) throws -> [Entry] {
        try ArchiveFile.with(file, store: self) { source in
            let layout = LayoutReader(source: source, store: self, platform: platform)
            if try source.file("index.json") != nil {
                return try named(try layout.names(), name).map { wanted, name in
                    try set(layout.copy(wanted), as: name)
                }
            }
            let archive = DockerArchiveReader(source: source, store: self, platform: platform)
            return try named(try archive.names(), name).map { wanted, name in
                let image = try archive.image(wanted, name: name)
                let size = SmallFile.size(blobPath(image.digest)) ?? 0
                return try set(Descriptor(mediaType: MediaType.manifest, digest: image.digest, size: size), as: name)
            }
        }
    }

    /// The same for an archive that comes through a pipe; it lies in the store's temporary folder meanwhile.
    public func importArchive(from input: Int32, as name: String? = nil, platform: Platform) throws -> [Entry] {
        let spool = try BlobWriter(in: temporaryPath, limit: Descriptor.largestSize)
        defer { withExtendedLifetime(spool) {} }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = read(input, buffer.baseAddress, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileError("read", "<stdin>") }
            if count == 0 { break }
            try spool.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
        return try importArchive(spool.path, called: "the archive on standard input", as: name, platform: platform)
    }

    /// The images to take, each with the name that it gets.
    private func named(_ found: [(wanted: String?, name: String?)], _ given: String?) throws -> [(String?, String)] {
        if let given {
            guard found.count == 1 else {
                throw ImageError("there are \(found.count) images, and one name for them: '\(given)'")
            }
            return [(found[0].wanted, given)]
        }
        return try found.map { wanted, name in
            guard let name else {
                throw ImageError(
                    "image '\(PlainText.short(wanted ?? ""))' has no name\n  hint: give it one with --name")
            }
            return (wanted, name)
        }
    }

    private func set(_ descriptor: Descriptor, as name: String) throws -> Entry {
        try set(name, to: descriptor)
        return Entry(name: Self.canonical(name), descriptor: descriptor)
    }
}
