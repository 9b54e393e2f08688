extension Codec where Value == FileSpec {
    static var file: Codec {
        let file = object(.file, noun: "file") {
            FileDraft($0)
        } from: {
            FileDraft($0)
        } finish: {
            $0.finished($1, &$2)
        }
        let contents = FileDraft.contentKeys.map {
            $0 == "directory"
                ? #"{"required": ["directory"], "properties": {"directory": {"const": true}}}"#
                : "{\"required\": [\"\($0)\"]}"
        }
        return file.shaped(.restricted(file.shape, schema: "{\"oneOf\": [\(contents.joined(separator: ", "))]}"))
    }
}

extension KeyTable where Owner == FileDraft {
    static let file = KeyTable(
        "file",
        "A file, directory or link. It has exactly one of `contents`, `source`, `directory`, `symlink` and `metadata`.",
        [
            Key(
                "path", \.path, .filePath, absent: nil, "Path in the guest; a leading `/` makes no difference.",
                example: "etc/motd",
                since: .always),
            Key("directory", \.directory, .bool, "Creates an empty directory.", example: "true", since: .always),
            Key(
                "symlink", \.symlink, .word, "Creates a symbolic link to this target.",
                example: "/run/resolvconf/resolv.conf",
                alias: ["link"]),
            Key(
                "contents", \.contents, .string, "Text of the file.", example: "\"welcome\\n\"", since: .always,
                alias: ["content", "text", "data"]),
            Key(
                "source", \.source, .word,
                "Path of a file of the build machine, relative to the working directory; `~/` is the home directory.",
                example: "~/.ssh/id_rsa.pub"),
            Key(
                "metadata", \.metadata, .choice(["yaml", "json"]), "Writes the merged spec itself, in this form.",
                example: "yaml"),
            Key(
                "optional", \.optional, .bool, "Leaves the file out when its `source` does not exist.",
                example: "true"),
            Key(
                "mode", \.mode, Codec<UInt16>.mode,
                "Permission bits, octal, in quotes; a directory's default is `\"0700\"`.", example: "\"0644\"",
                default: "\"0600\""),
            Key(
                "uid", \.uid, .identity, "Owner: a number, or the name of a container whose ID to use.",
                example: "1000", alias: ["user", "owner"], default: "0"),
            Key(
                "gid", \.gid, .identity, "Group: a number, or the name of a container whose ID to use.",
                example: "1000", alias: ["group"], default: "0"),
        ])
}

/// An entry of `files` as written, before it is known to have exactly one source of content.
struct FileDraft: Sendable {
    static let contentKeys = ["contents", "source", "directory", "symlink", "metadata"]

    var path = ""
    var directory = false
    var symlink: String?
    var contents: String?
    var source: String?
    var metadata: String?
    var optional = false
    var mode: UInt16?
    var uid: Identity?
    var gid: Identity?
    let location: SourceLocation

    init(_ location: SourceLocation) { self.location = location }

    init(_ file: FileSpec) {
        location = file.location
        path = file.path
        (optional, mode, uid, gid) = (file.optional, file.mode, file.uid, file.gid)
        switch file.content {
        case .directory: directory = true
        case .symlink(let target): symlink = target
        case .contents(let text): contents = text
        case .source(let path): source = path
        case .metadata(let form): metadata = form
        }
    }

    /// The content given, by key.
    private var given: [(key: String, content: FileSpec.Content)] {
        var given: [(key: String, content: FileSpec.Content)] = []
        if directory { given.append(("directory", .directory)) }
        if let symlink { given.append(("symlink", .symlink(symlink))) }
        if let contents { given.append(("contents", .contents(contents))) }
        if let source { given.append(("source", .source(source))) }
        if let metadata { given.append(("metadata", .metadata(metadata))) }
        return given
    }

    /// - Parameter node: tells what was written, also where that could not be read.
    func finished(_ node: Node, _ reading: inout Reading) -> FileSpec? {
        let given = given
        let written = Self.contentKeys.filter { key in
            node[key] != nil && (key != "directory" || node.scalar(key)?.value != .bool(false))
        }
        guard written.count == 1 else {
            let keys = written.map { "'\($0)'" }.joined(separator: " and ")
            reading.error(
                at: location, "\(reading.subject) has \(written.isEmpty ? "no content" : "\(keys), expected only one")",
                hint: "give it one of contents, source, directory, symlink and metadata")
            return nil
        }
        guard let only = given.first else { return nil }
        var isOptional = optional
        if optional, only.key != "source" {
            reading.warn(
                at: location, "\(reading.subject) is optional, but has no 'source' that could be missing",
                hint: "remove 'optional'")
            isOptional = false
        }
        if !directory, let problem = GuestPath.check(parent: path) {
            reading.error(
                at: node["path"]?.location ?? location, "\(reading.subject) \(problem.message)", hint: problem.hint)
        }
        var file = FileSpec(path: String(path.drop { $0 == "/" }), content: only.content, location: location)
        (file.optional, file.mode, file.uid, file.gid) = (isOptional, mode, uid, gid)
        return file
    }
}
