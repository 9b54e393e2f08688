internal import Archive
internal import Extents
internal import Glibc
internal import Progress

extension ContentStore {
    /// Takes the images of an archive into the store, each under its name: what ``export(_:as:platforms:_:write:)``,
    /// `docker save`, skopeo and others write, plain or compressed.
    /// - Parameters:
    ///   - file: the archive.
    ///   - name: the name to give; needed when the archive has none, and possible only when it has one image.
    ///   - platforms: whose images are taken.
    /// - Returns: what was taken, in the archive's order.
    /// - Throws: `ImageError`, `ManifestError`, `ContentError`, `FileError`.
    public func importArchive(_ file: String, as name: String? = nil, platforms: PlatformChoice) throws -> [Entry] {
        try importArchive(file, called: "'\(PlainText.short(file))'", as: name, platforms)
    }

    private func importArchive(_ file: String, called what: String, as name: String?, _ platforms: PlatformChoice)
        throws -> [Entry]
    {
        do { return try take(file, as: name, platforms) } catch let error where !(error is CancellationError) {
            let context = ContextError("importing \(what)", error)
            guard context.hint == nil, !(error is FileError) else { throw context }
            throw ImageError(
                context.description,
                hint:
                    "import an archive of 'moby cache export', 'docker save' or skopeo (oci-archive:, docker-archive:)")
        }
    }

    private func take(_ file: String, as name: String?, _ platforms: PlatformChoice) throws -> [Entry] {
        try ArchiveFile.with(file, store: self) { source in
            if try source.file("index.json") != nil {
                let layout = LayoutReader(source: source, store: self, platform: .host)
                return try named(try layout.names(for: platforms), name).map { wanted, name in
                    try set(layout.copy(wanted, for: platforms), as: name)
                }
            }
            let archive = DockerArchiveReader(source: source, store: self, platforms: platforms)
            return try named(try archive.names(), name).map { wanted, name in
                let image = try archive.image(wanted, name: name)
                let size = try HostFiles.size(blobPath(image.digest)) ?? 0
                return try set(Descriptor(mediaType: MediaType.manifest, digest: image.digest, size: size), as: name)
            }
        }
    }

    /// The same for an archive that comes through a pipe; it lies in the store's temporary folder meanwhile.
    public func importArchive(from input: Int32, as name: String? = nil, platforms: PlatformChoice) throws -> [Entry] {
        let spool = try BlobWriter(in: temporaryPath, limit: Descriptor.largestSize)
        defer { withExtendedLifetime(spool) {} }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        try progress.during(.read, "standard input") { step in
            while true {
                let count = read(input, buffer.baseAddress, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else { throw FileError("read", "<stdin>") }
                if count == 0 { break }
                try spool.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                step.add(count)
            }
        }
        return try importArchive(spool.path, called: "the archive on standard input", as: name, platforms)
    }

    /// The images to take, each with the name that it gets.
    private func named(_ found: [(wanted: String?, name: String?)], _ given: String?) throws -> [(String?, String)] {
        if let given {
            guard found.count == 1 else {
                throw ImageError(
                    "it has \(found.count) images, but --name '\(given)' can name only one",
                    hint: "import it without --name")
            }
            return [(found[0].wanted, given)]
        }
        return try found.map { wanted, name in
            guard let name else {
                throw ImageError("image '\(PlainText.short(wanted ?? ""))' has no name", hint: "name it with --name")
            }
            return (wanted, name)
        }
    }

    private func set(_ descriptor: Descriptor, as name: String) throws -> Entry {
        try set(name, to: descriptor)
        return Entry(name: Self.canonical(name), descriptor: descriptor)
    }
}
