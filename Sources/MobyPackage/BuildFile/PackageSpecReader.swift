internal import Archive
internal import MobySpec

/// Reads `build.yml`, strictly: what it does not know is an error.
enum PackageSpecReader {
    static let keys = [
        "image", "org", "arches", "packages", "exclude", "only", "drop", "keep", "files", "products", "kernel", "entrypoint", "cmd", "env",
        "workdir", "user", "labels", "config",
    ]
    private static let fileKeys = [
        "path", "paths", "directory", "symlink", "contents", "source", "concatenate", "mode", "uid", "gid",
    ]

    /// - Throws: `SpecError` with every fault.
    static func read(_ text: String, file: String) throws -> PackageSpec {
        var reader = BuildFileReader()
        guard let root = YAMLReader.read(text, file: file, &reader.faults) else {
            let empty = Diagnostic(
                at: SourceLocation(file: file, line: 1, column: 1), "build.yml is empty", hint: "it needs 'image' at least")
            throw SpecError(reader.faults.isEmpty ? [empty] : reader.faults)
        }
        let spec = read(root, &reader)
        guard reader.faults.isEmpty else { throw SpecError(reader.faults) }
        return spec
    }

    private static func read(_ root: Node, _ reader: inout BuildFileReader) -> PackageSpec {
        let members = reader.members(root, of: "build.yml", allowed: keys)
        var spec = PackageSpec(image: "")
        if let node = members["image"] {
            spec.image = reader.string(node, "image") ?? ""
        } else {
            reader.fault(root, "build.yml has no 'image'")
        }
        if let node = members["org"] { spec.org = reader.string(node, "org") ?? "" }
        func list(_ key: String) -> [String]? { members[key].map { reader.strings($0, key) } }
        spec.arches = list("arches") ?? spec.arches
        spec.packages = list("packages") ?? []
        spec.exclude = list("exclude") ?? []
        spec.only = list("only")
        spec.drop = list("drop") ?? []
        spec.keep = list("keep") ?? []
        spec.entrypoint = list("entrypoint")
        spec.cmd = list("cmd")
        spec.env = list("env")
        spec.workdir = members["workdir"].flatMap { reader.string($0, "workdir") }
        spec.user = members["user"].flatMap { reader.string($0, "user") }
        if let node = members["labels"] { for (name, value) in reader.pairs(node, "labels") { spec.labels[name] = value } }
        if let node = members["products"] { spec.products = products(node, &reader) }
        if let node = members["files"] { spec.files = files(node, &reader) }
        spec.kernel = members["kernel"].flatMap { kernel($0, &reader) }
        spec.config = members["config"].flatMap { config($0, &reader) }
        return spec
    }

    /// What becomes the label is checked as it is when a container is made of the image.
    private static func config(_ node: Node, _ reader: inout BuildFileReader) -> JSONValue? {
        guard case .mapping = node.content else {
            reader.fault(node, "config is \(node.described), expected a mapping")
            return nil
        }
        reader.faults += SpecReader.faults(ofLabel: node)
        return JSONValue(node)
    }

    private static func products(_ node: Node, _ reader: inout BuildFileReader) -> [(name: String, path: String)] {
        let pairs = reader.pairs(node, "products")
        for (name, path) in pairs {
            if name.contains("/") { reader.fault(node, "product '\(name)' has a slash, expected the name of a built program") }
            check(path, node, &reader)
        }
        return pairs.map { ($0.name, $0.value) }
    }

    private static func kernel(_ node: Node, _ reader: inout BuildFileReader) -> PackageSpec.Kernel? {
        let members = reader.members(node, of: "kernel", allowed: ["package", "modules"])
        guard let package = members["package"].flatMap({ reader.string($0, "kernel.package") }) else {
            if members["package"] == nil { reader.fault(node, "kernel has no 'package'") }
            return nil
        }
        guard let modules = members["modules"] else { return PackageSpec.Kernel(package: package, modules: nil) }
        if case .scalar(let scalar) = modules.content {
            if scalar.text != "all" { reader.fault(modules, "kernel.modules is \(scalar.described), expected 'all' or a list of modules") }
            return PackageSpec.Kernel(package: package, modules: nil)
        }
        return PackageSpec.Kernel(package: package, modules: reader.strings(modules, "kernel.modules"))
    }

    private static func files(_ node: Node, _ reader: inout BuildFileReader) -> [PackageFile] {
        guard case .sequence(let items) = node.content else {
            reader.fault(node, "files is \(node.described), expected a list")
            return []
        }
        return items.compactMap { file($0, &reader) }
    }

    private static func file(_ node: Node, _ reader: inout BuildFileReader) -> PackageFile? {
        let members = reader.members(node, of: "an entry of files", allowed: fileKeys)
        guard let place = place(members, node, &reader), let content = content(members, node, &reader) else { return nil }
        var file = PackageFile(place: place, content: content, location: node.location)
        file.mode = members["mode"].flatMap { reader.mode($0) }
        file.uid = members["uid"].flatMap { reader.number($0, "uid") } ?? 0
        file.gid = members["gid"].flatMap { reader.number($0, "gid") } ?? 0
        return file
    }

    private static func place(_ members: [String: Node], _ node: Node, _ reader: inout BuildFileReader) -> PackageFile.Place? {
        switch (members["path"], members["paths"]) {
        case (let path?, nil):
            guard let text = reader.string(path, "path") else { return nil }
            check(text, path, &reader)
            return .path(text)
        case (nil, let paths?):
            guard let text = reader.string(paths, "paths") else { return nil }
            check(text, paths, &reader)
            return .list(text)
        default:
            reader.fault(node, "an entry of files needs one of 'path' and 'paths'")
            return nil
        }
    }

    private static func content(_ members: [String: Node], _ node: Node, _ reader: inout BuildFileReader) -> PackageFile.Content? {
        let present = ["directory", "symlink", "contents", "source", "concatenate"].filter { members[$0] != nil }
        guard present.count == 1, let key = present.first, let value = members[key] else {
            reader.fault(
                node, "an entry of files has \(present.isEmpty ? "no content" : present.map { "'\($0)'" }.joined(separator: " and "))",
                hint: "give one of: directory: true, symlink, contents, source, concatenate")
            return nil
        }
        if key == "directory" {
            if case .scalar(let scalar) = value.content, scalar.value == .bool(true) { return .directory }
            reader.fault(value, "directory is \(value.described), expected true")
            return nil
        }
        if key == "concatenate" { return .concatenation(reader.strings(value, key)) }
        guard let text = reader.string(value, key) else { return nil }
        switch key {
        case "symlink": return .symlink(text)
        case "contents": return .contents(text)
        default:
            check(text, value, &reader)
            return .source(text)
        }
    }

    /// Paths stay inside the image, sources inside the package's folder.
    private static func check(_ path: String, _ node: Node, _ reader: inout BuildFileReader) {
        if TreePath(path.utf8).map(\.isRoot) ?? true {
            reader.fault(node, "'\(path)' is not a path inside: it is empty or has '..'")
        }
    }
}
