internal import Archive
internal import Attest
internal import Extents
public import JSON
public import MobySpec
internal import OCI

/// Where a file of a machine comes from.
public struct FileOrigin: Sendable {
    /// Which part of the spec brings it, e.g. `services: nginx`.
    public let use: String
    /// Where it is in the machine, links followed.
    public let path: String
    /// The image, as the spec names it; nil for a file of the spec itself.
    public var image: String?
    /// Of the platform's manifest.
    public var digest: String?
    /// Its number, from 1, how many there are, and its digest.
    public var layer: (number: Int, count: Int, digest: String)?
    /// `NAME VERSION` of the packages that own it.
    public var packages: [String] = []
    /// The entry of the spec.
    public var location: SourceLocation?

    init(use: String, path: String) { (self.use, self.path) = (use, path) }

    /// A paragraph for people.
    public var text: String {
        var lines = ["\(PlainText.short(path)) of \(PlainText.short(use))"]
        if let image { lines.append("  image    \(PlainText.short(image))@\(digest ?? "")") }
        if let layer { lines.append("  layer    \(layer.number) of \(layer.count), \(layer.digest)") }
        for package in packages { lines.append("  package  \(PlainText.short(package))") }
        if image != nil, packages.isEmpty { lines.append("  package  none that its databases know") }
        if let location { lines.append("  spec     \(location)") }
        return lines.map { $0 + "\n" }.joined()
    }

    public var json: JSONValue {
        var members: [JSONValue.Member] = [("use", .string(use)), ("path", .string(path))]
        if let image { members.append(("image", .string(image))) }
        if let digest { members.append(("digest", .string(digest))) }
        if let layer {
            members.append(
                (
                    "layer",
                    .object([
                        ("number", .integer(layer.number)), ("count", .integer(layer.count)),
                        ("digest", .string(layer.digest)),
                    ])
                ))
        }
        members.append(("packages", .strings(packages)))
        if let location { members.append(("location", .string("\(location)"))) }
        return .object(members)
    }
}

extension Builder {
    /// Everything in a machine that has a path: in its root, in containers, in the kernel's image. What of the root is
    /// unpacked last, and so is there, is the first.
    /// - Parameter path: with or without a slash in front; in the root, or in a container's own root.
    /// - Throws: as ``build(_:)``; `BuildError` when nothing has it.
    public func origins(of path: String, in spec: Spec) async throws -> [FileOrigin] {
        let images = try await ImageSet.fetch(spec, store: store, cache: cache, provider: provider(spec)(nil))
        guard let wanted = TreePath(path.utf8), !wanted.isRoot else {
            throw BuildError("'\(PlainText.short(path))' is not the path of a file")
        }
        let search = OriginSearch(images: images, store: store)
        var found = search.files(wanted, spec)
        for source in spec.`init`.reversed() {
            found += try search.origins(of: wanted, in: images[source], source, "init", at: .root)
        }
        if let kernel = spec.kernel.image {
            found += try search.kernelOrigins(of: wanted, images[kernel], kernel)
        }
        for section in Spec.Section.allCases {
            for container in spec[section] {
                let image = images[container.image]
                let root = TreePath(image.guestTree.utf8) ?? .root
                let below = wanted.isInside(root) ? TreePath(wanted.bytes.dropFirst(root.bytes.count)) : nil
                let inner = below ?? wanted
                found += try search.origins(
                    of: inner, in: image, container.image, "\(section.rawValue): \(container.name)", at: root)
            }
        }
        guard !found.isEmpty else {
            throw BuildError(
                "no image or entry of the spec has '\(PlainText.short(path))'",
                hint: "'moby ls' lists the files of a built artifact")
        }
        return found
    }
}

/// Looks for a file in images.
struct OriginSearch {
    let images: ImageSet
    let store: ContentStore

    /// Entries of `files:`.
    func files(_ path: TreePath, _ spec: Spec) -> [FileOrigin] {
        spec.files.filter { TreePath($0.path.utf8) == path }.reversed().map { file in
            var origin = FileOrigin(use: "files", path: "/\(path)")
            origin.location = file.location
            return origin
        }
    }

    func origins(of path: TreePath, in image: Image, _ source: Located<String>, _ use: String, at root: TreePath) throws
        -> [FileOrigin]
    {
        let tree = try images.tree(image)
        guard let found = tree.resolve(path), tree[found] != nil else { return [] }
        var origin = FileOrigin(use: use, path: "/\(root.isRoot ? found : root.appending(found))")
        (origin.image, origin.digest, origin.location) = (source.value, image.digest.description, source.location)
        origin.layer = try layer(of: found, in: image)
        origin.packages = try owners(of: "\(found)", tree, image)
        return [origin]
    }

    /// Files at the top of a kernel image, and those of its `kernel.tar`, which are at the root of the machine.
    func kernelOrigins(of path: TreePath, _ image: Image, _ source: Located<String>) throws -> [FileOrigin] {
        let tree = try images.tree(image)
        let top = path.parent == TreePath("boot") ? TreePath(path.name) ?? path : path
        if tree[top] != nil, !tree.isDirectory(top) {
            return try origins(of: top, in: image, source, "kernel", at: .root)
        }
        guard case .regular(let archive)? = tree[TreePath("kernel.tar")]?.kind else { return [] }
        let modules = try FileTree.tar(archive)
        let names = [path, TreePath("usr").appending(path)]
        guard let found = names.lazy.compactMap({ modules.resolve($0) }).first(where: { modules[$0] != nil }) else {
            return []
        }
        var origin = FileOrigin(use: "kernel", path: "/\(found)")
        (origin.image, origin.digest, origin.location) = (source.value, image.digest.description, source.location)
        origin.packages = try owners(of: "kernel.tar", tree, image)
        return [origin]
    }

    /// The uppermost layer that has it: those below do not count.
    private func layer(of path: TreePath, in image: Image) throws -> (number: Int, count: Int, digest: String)? {
        let all = try store.uncompressedLayers(of: image)
        guard all.count > 1 else { return image.layers.first.map { (1, 1, $0.digest.description) } }
        for (index, layer) in all.enumerated().reversed() where try FileTree.tar(layer)[path] != nil {
            return (index + 1, all.count, image.layers[index].digest.description)
        }
        return nil
    }

    private func owners(of path: String, _ tree: FileTree, _ image: Image) throws -> [String] {
        var names: Set<String> = []
        for database in ImagePackages.debianDatabases(of: tree) {
            names.formUnion(DebianPackages.owners(of: path, in: try text(database, tree)))
        }
        for database in ImagePackages.alpineDatabases {
            names.formUnion(AlpinePackages.owners(of: path, in: try text(database, tree)))
        }
        // dpkg has a list of paths for each package, with a slash in front; `/usr` may be missing from them.
        let spellings = ["/" + path] + (path.hasPrefix("usr/") ? ["/" + path.dropFirst(4)] : [])
        let folder = TreePath("var/lib/dpkg/info")
        for list in tree.paths where list.parent == folder && list.bytes.suffix(5).elementsEqual(".list".utf8) {
            let lines = try text("\(list)", tree).split(separator: "\n")
            guard lines.contains(where: { line in spellings.contains { $0 == line } }) else { continue }
            let name = String(decoding: list.name, as: UTF8.self).dropLast(5)
            names.insert(String(name.prefix { $0 != ":" }))
        }
        let packages = try images.packages(image)
        return names.sorted().map { name in
            packages.first { $0.name == name && $0.kind != .golang }.map { "\(name) \($0.version)" } ?? name
        }
    }

    private func text(_ path: String, _ tree: FileTree) throws -> String {
        guard let found = tree.resolve(Array(path.utf8)), case .regular(let contents)? = tree[found]?.kind else {
            return ""
        }
        return String(decoding: try ExtentReader.bytes(of: contents, limit: 64 << 20), as: UTF8.self)
    }
}
