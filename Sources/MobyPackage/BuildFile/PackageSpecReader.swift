internal import Archive
internal import Extents
internal import JSON
internal import MachineModel
internal import MobySpec
internal import OCI

/// Reads `build.yml`, strictly: what it does not know is an error.
enum PackageSpecReader {
    static let keys = [
        "image", "org", "arches", "packages", "exclude", "only", "drop", "keep", "files", "products", "kernel",
        "entrypoint", "cmd", "env",
        "workdir", "user", "labels", "config",
    ]
    static let kernelKeys = ["package", "modules"]
    static let fileKeys = [
        "path", "paths", "directory", "symlink", "contents", "source", "concatenate", "mode", "uid", "gid",
    ]

    /// Keys of LinuxKit's package files (`linuxkit pkg build`), which all belong to a Dockerfile.
    private static let linuxKitKeys = Dictionary(
        uniqueKeysWithValues: [
            "network", "disable-cache", "disable-content-trust", "extra-sources", "gitrepo", "buildArgs", "depends",
            "dockerfile", "tag",
        ].map {
            (
                $0,
                "a key of LinuxKit for packages that a Dockerfile builds; moby builds packages of Debian packages and files"
            )
        })

    /// - Throws: `SpecError` with every fault.
    static func read(_ text: String, file: String) throws -> PackageSpec {
        var reader = BuildFileReader()
        guard let root = YAMLReader.read(text, file: file, &reader.faults) else {
            let empty = Diagnostic(
                at: SourceLocation(file: file, line: 1, column: 1), "build.yml is empty",
                hint: "it needs 'image' at least")
            throw SpecError(reader.faults.isEmpty ? [empty] : reader.faults)
        }
        let spec = read(root, &reader)
        guard reader.faults.isEmpty else { throw SpecError(reader.faults) }
        return spec
    }

    private static func read(_ root: Node, _ reader: inout BuildFileReader) -> PackageSpec {
        let members = reader.members(root, of: "build.yml", allowed: keys, foreign: linuxKitKeys)
        var spec = PackageSpec(image: Located("", at: root.location))
        name(members, root, &spec, &reader)
        func list(_ key: String) -> [Located<String>]? { members[key].map { reader.strings($0, key) } }
        spec.arches = list("arches")?.map { Architecture(named: $0.value)?.name ?? $0.value } ?? spec.arches
        spec.packages = list("packages") ?? []
        checkNames(spec.packages, &reader)
        spec.exclude = list("exclude") ?? []
        spec.only = list("only")
        spec.drop = list("drop") ?? []
        spec.keep = list("keep") ?? []
        spec.entrypoint = list("entrypoint")
        spec.cmd = list("cmd")
        spec.env = list("env")?.map(\.value)
        spec.workdir = members["workdir"].flatMap { reader.string($0, "workdir") }
        spec.user = members["user"].flatMap { reader.string($0, "user") }
        if let node = members["products"] { spec.products = products(node, &reader) }
        if let node = members["files"] { spec.files = files(node, &reader) }
        spec.kernel = members["kernel"].flatMap { kernel($0, &reader) }
        spec.config = members["config"].flatMap { config($0, &reader) }
        if let node = members["labels"] { spec.labels = labels(node, hasConfig: members["config"] != nil, &reader) }
        return spec
    }

    private static func name(
        _ members: [String: Node], _ root: Node, _ spec: inout PackageSpec, _ reader: inout BuildFileReader
    ) {
        if let node = members["org"] { spec.org = reader.string(node, "org") ?? "" }
        guard let node = members["image"] else { return reader.fault(root, "build.yml has no 'image'") }
        guard let image = reader.string(node, "image") else { return }
        spec.image = Located(image, at: node.location)
        do { _ = try ImageReference("\(spec.org)/\(image):0") } catch {
            let name = members["org"] == nil ? image : "\(spec.org)/\(image)"
            reader.fault(
                node, "'\(PlainText.short(name))' is not a valid image name",
                hint: "a name has lower-case letters, digits, '.', '_' and '-'; the tag comes from moby")
        }
    }

    /// Names as deb-control(5) has them, perhaps with an architecture, version or release as apt-get takes them. All
    /// other words would be options or patterns to apt-get.
    private static func checkNames(_ names: [Located<String>], _ reader: inout BuildFileReader) {
        for name in names where !isPackageName(name.value) {
            reader.fault(
                name.location, "'\(PlainText.short(name.value))' is not a valid Debian package name",
                hint: "a name has lower-case letters, digits, '+', '-' and '.', and may end in =VERSION or /RELEASE")
        }
    }

    /// `NAME[:ARCH][=VERSION|/RELEASE]`. Written out, since a regular expression took a tenth of a warm build.
    private static func isPackageName(_ text: String) -> Bool {
        let isLower = { (byte: UInt8) in byte.isASCIILowercase || byte.isASCIIDigit }
        let request = text.utf8.split(maxSplits: 1, omittingEmptySubsequences: false) {
            $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: "/")
        }
        let name = request[0].split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = name[0].first, isLower(first), name[0].last != UInt8(ascii: "-"),
            name[0].allSatisfy({ isLower($0) || "+.-".utf8.contains($0) })
        else { return false }
        if name.count > 1, name[1].isEmpty || !name[1].allSatisfy(isLower) { return false }
        return request.count == 1
            || !request[1].isEmpty
                && request[1].allSatisfy { isLower($0) || $0.isASCIIUppercase || ".+:~-".utf8.contains($0) }
    }

    /// LinuxKit's name for the label that `config` writes; its text is checked as `config` is.
    private static func labels(_ node: Node, hasConfig: Bool, _ reader: inout BuildFileReader) -> [String: String] {
        var labels: [String: String] = [:]
        for (name, value) in reader.pairs(node, "labels") {
            labels[name.value] = value.value
            guard name.value == PackageSpec.configLabel else { continue }
            if hasConfig {
                reader.fault(
                    name.location, "label '\(name.value)' and 'config' cannot be combined", hint: "remove one of them")
            }
            var faults: [Diagnostic] = []
            if let text = YAMLReader.read(value.value, file: "", &faults) { faults += SpecReader.faults(ofLabel: text) }
            for fault in faults {
                reader.fault(name.location, "label '\(name.value)': \(fault.message)", hint: fault.hint)
            }
        }
        return labels
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
            if name.value.contains("/") {
                reader.fault(
                    name.location,
                    "product '\(PlainText.short(name.value))' has a slash, expected the name of a built program")
            }
            check(path.value, path.location, &reader)
        }
        return pairs.map { ($0.name.value, $0.value.value) }
    }

    private static func kernel(_ node: Node, _ reader: inout BuildFileReader) -> PackageSpec.Kernel? {
        let members = reader.members(node, of: "kernel", allowed: kernelKeys)
        guard let name = members["package"] else {
            reader.fault(node, "kernel has no 'package'")
            return nil
        }
        guard let text = reader.string(name, "kernel.package") else { return nil }
        let package = Located(text, at: name.location)
        checkNames([Located(text.replacing("{arch}", with: "arch"), at: name.location)], &reader)
        guard let modules = members["modules"] else { return PackageSpec.Kernel(package: package, modules: nil) }
        if case .scalar(let scalar) = modules.content {
            if scalar.text != "all" {
                reader.fault(modules, "kernel.modules is \(scalar.described), expected 'all' or a list of modules")
            }
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
        guard let place = place(members, node, &reader), let content = content(members, node, &reader) else {
            return nil
        }
        var file = PackageFile(place: place, content: content, location: node.location)
        file.mode = members["mode"].flatMap { reader.mode($0) }
        file.uid = members["uid"].flatMap { reader.number($0, "uid") } ?? 0
        file.gid = members["gid"].flatMap { reader.number($0, "gid") } ?? 0
        return file
    }

    private static func place(_ members: [String: Node], _ node: Node, _ reader: inout BuildFileReader) -> PackageFile
        .Place?
    {
        switch (members["path"], members["paths"]) {
        case (let path?, nil):
            guard let text = reader.string(path, "path") else { return nil }
            check(text, path.location, &reader)
            return .path(text)
        case (nil, let paths?):
            guard let text = reader.string(paths, "paths") else { return nil }
            check(text, paths.location, &reader)
            return .list(Located(text, at: paths.location))
        default:
            reader.fault(node, "an entry of files needs one of 'path' and 'paths'")
            return nil
        }
    }

    private static func content(_ members: [String: Node], _ node: Node, _ reader: inout BuildFileReader) -> PackageFile
        .Content?
    {
        let present = ["directory", "symlink", "contents", "source", "concatenate"].filter { members[$0] != nil }
        guard present.count == 1, let key = present.first, let value = members[key] else {
            reader.fault(
                node,
                "an entry of files has \(present.isEmpty ? "no content" : present.map { "'\($0)'" }.joined(separator: " and "))",
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
            check(text, value.location, &reader)
            return .source(Located(text, at: value.location))
        }
    }

    /// Paths stay inside the image, sources inside the package's folder.
    private static func check(_ path: String, _ location: SourceLocation, _ reader: inout BuildFileReader) {
        if let fault = fault(ofPath: path, at: location) { reader.faults.append(fault) }
    }

    static func fault(ofPath path: String, at location: SourceLocation) -> Diagnostic? {
        guard TreePath(path.utf8).map(\.isRoot) ?? true else { return nil }
        return Diagnostic(at: location, "'\(PlainText.short(path))' is not a path inside: it is empty or has '..'")
    }
}
