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

    /// What is given as content, by key.
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
            reading.fault(
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
        if !directory, let fault = GuestPath.check(parent: path) {
            reading.fault(
                at: node["path"]?.location ?? location, "\(reading.subject) \(fault.message)", hint: fault.hint)
        }
        var file = FileSpec(path: String(path.drop { $0 == "/" }), content: only.content, location: location)
        (file.optional, file.mode, file.uid, file.gid) = (isOptional, mode, uid, gid)
        return file
    }
}
