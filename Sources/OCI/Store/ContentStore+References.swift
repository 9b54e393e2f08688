internal import Extents
internal import FoundationEssentials
internal import Glibc

extension ContentStore {
    /// A name and its image, whether the store has all of it or not.
    public struct Entry: Sendable {
        /// The canonical name.
        public let name: String
        /// An index or a manifest.
        public let descriptor: Descriptor
    }

    /// The descriptor of a name; nil for an unknown name.
    public func descriptor(named name: String) throws -> Descriptor? {
        try ownDescriptor(named: name) ?? formerDescriptor(of: name)
    }

    /// The same, without former names of local images.
    func ownDescriptor(named name: String) throws -> Descriptor? {
        try read(reference: Self.fileName(of: Self.canonical(name)))?.descriptor
    }

    /// Points a name to a descriptor, whose blob must be in the store.
    /// - Parameter lacksLayers: whether the image was found without its layers, on purpose.
    public func set(_ name: String, to descriptor: Descriptor, lacksLayers: Bool = false) throws {
        let name = Self.canonical(name)
        var stored = descriptor
        stored.annotations = [Descriptor.nameAnnotation: name]
        if lacksLayers { stored.annotations?[Descriptor.absentAnnotation] = "true" }
        let bytes = try JSONText.compact(stored)
        let file = "refs/\(Self.fileName(of: name))"
        guard try HostFiles.readIfFit("\(root)/\(file)", limit: Self.largestReference) != bytes else {
            if isIndexBehind { try prepare() }
            return
        }
        try prepare()
        try replace(file, with: bytes)
        try writeIndex()
    }

    /// All names, in order. A file that is not a valid reference is left out; ``damagedReferences()`` has those.
    /// - Throws: `FileError`.
    public func entries() throws -> [Entry] {
        try referenceFiles().compactMap(read(reference:)).sorted { $0.name < $1.name }
    }

    /// Files of names that are damaged, as paths in the store.
    /// - Throws: `FileError`.
    public func damagedReferences() throws -> [String] {
        try referenceFiles().filter { try read(reference: $0) == nil }.map { "refs/\($0)" }
    }

    private func referenceFiles() throws -> [String] {
        try FolderTree.names(in: "\(root)/refs").filter { StoreNames.isOwn($0, in: "refs") }
    }

    /// Removes a name; blobs stay until ``prune(notUsedSince:dryRun:)``.
    /// - Returns: false for an unknown name.
    public func remove(_ name: String) throws -> Bool {
        let file = "refs/\(Self.fileName(of: Self.canonical(name)))"
        guard unlink("\(root)/\(file)") == 0 else {
            guard errno == ENOENT || errno == ENOTDIR else { throw FileError("remove", "\(root)/\(file)") }
            return false
        }
        try prepare()
        try writeIndex()
        return true
    }

    /// Gives an image that the store has another name.
    /// - Returns: the image of the new name; nil unless the store has all of it for the platform.
    public func rename(_ name: String, to new: String, platform: Platform) throws -> Image? {
        guard let descriptor = try descriptor(named: name) else { return nil }
        try set(new, to: descriptor)
        _ = try remove(name)
        return try image(named: new, platform: platform)
    }

    /// The canonical form of a name that is an image reference; others stay as they are.
    static func canonical(_ name: String) -> String { (try? ImageReference(name).description) ?? name }

    /// Writes `index.json` from `refs/`. Two processes may do so at once: the last one to write looks again, and writes
    /// again if a name changed meanwhile.
    func writeIndex() throws {
        var written: [UInt8] = []
        while true {
            let bytes = try JSONText.compact(ImageIndex(manifests: try entries().map(\.descriptor)))
            guard bytes != written else { return }
            try replace("index.json", with: bytes)
            written = bytes
        }
    }

    /// Whether a name was changed, and `index.json` not written since: a process was killed between the two.
    var isIndexBehind: Bool {
        var (index, names) = (stat(), stat())
        guard lstat("\(root)/refs", &names) == 0, lstat("\(root)/index.json", &index) == 0 else { return false }
        return (index.st_mtim.tv_sec, index.st_mtim.tv_nsec) < (names.st_mtim.tv_sec, names.st_mtim.tv_nsec)
    }

    private static var largestReference: UInt64 { 64 << 10 }

    private func read(reference file: String) throws -> Entry? {
        guard let bytes = try HostFiles.readIfFit("\(root)/refs/\(file)", limit: Self.largestReference),
            let descriptor = try? JSONDecoder().decode(Descriptor.self, from: Data(bytes)),
            let name = descriptor.annotations?[Descriptor.nameAnnotation], Self.fileName(of: name) == file
        else { return nil }
        return Entry(name: name, descriptor: descriptor)
    }

    /// A name as a file name: other bytes than letters, digits and `._-` as `%XX`; long names are cut and end in a
    /// hash.
    static func fileName(of name: String) -> String {
        var escaped = ""
        for byte in name.utf8 {
            let isPlain = byte.isASCIIDigit || byte.isASCIILetter || "_-".utf8.contains(byte)
            if isPlain || (byte == UInt8(ascii: ".") && !escaped.isEmpty) {
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                escaped += byte < 16 ? "%0" : "%"
                escaped += String(byte, radix: 16, uppercase: true)
            }
        }
        guard escaped.utf8.count > 200 else { return escaped }
        return "\(escaped.prefix(150))~\(SHA256.hash(Array(name.utf8)).hex.prefix(32))"
    }
}

extension ContentStore {
    /// The name that moby gave to the same image before its names began with `localhost/moby`; nil for names of all
    /// other kinds.
    private static func formerName(of name: String) -> String? {
        guard let reference = try? ImageReference(name), reference.isLocal, reference.digest == nil,
            let tag = reference.tag
        else {
            return nil
        }
        return "\(ImageReference.defaultRegistry)/\(reference.repository):\(tag)"
    }

    /// The descriptor of a local image's former name. It counts only when the image was built locally: then it has a
    /// platform, unlike one that came from a registry.
    func formerDescriptor(of name: String) throws -> Descriptor? {
        guard let former = Self.formerName(of: name), let descriptor = try ownDescriptor(named: former),
            descriptor.platform != nil
        else {
            return nil
        }
        return descriptor
    }

    /// Gives an image that an earlier moby built its current name. A store that cannot be written keeps the former one,
    /// which also leads to the image.
    /// - Throws: `FileError`.
    public func adopt(_ name: String) throws {
        guard try ownDescriptor(named: name) == nil, let former = Self.formerName(of: name),
            let descriptor = try formerDescriptor(of: name)
        else {
            return
        }
        guard access(root, W_OK) == 0 else { return }
        try set(name, to: descriptor)
        _ = try remove(former)
    }
}
