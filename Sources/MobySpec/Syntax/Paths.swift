internal import BootLayout
internal import Extents

/// Paths inside the guest.
enum GuestPath {
    /// The destination of a mount in a container.
    static func destination(_ path: String, of text: String) throws(SyntaxError) -> String {
        guard !path.isEmpty else {
            throw SyntaxError(
                "is '\(PlainText.short(text))', which has no destination", hint: "write a path that begins with '/'")
        }
        if let problem = check(absolute: path) { throw problem }
        return path
    }

    /// A relative destination as runc reads it, from the container's root; nil for one that is empty or absolute.
    static func mended(destination: String) -> (value: String, reason: SyntaxError)? {
        guard let first = destination.first, first != "/" else { return nil }
        let path = "/" + destination
        return (
            path,
            SyntaxError(
                "has the relative destination '\(PlainText.short(destination))', taken as '\(PlainText.short(path))'",
                hint: "begin it with '/'")
        )
    }

    /// The same for the destination in a text such as `source:destination:options`.
    static func mended(_ text: String, destinationAt index: Int) -> (value: String, reason: SyntaxError)? {
        var parts = parts(text)
        guard parts.indices.contains(index), parts.count <= index + 2,
            let (destination, reason) = mended(destination: parts[index])
        else { return nil }
        parts[index] = destination
        return (parts.joined(separator: ":"), reason)
    }

    static func parts(_ text: String) -> [String] {
        text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    }

    static func check(absolute path: String) -> SyntaxError? {
        path.hasPrefix("/")
            ? nil : SyntaxError("is '\(PlainText.short(path))', expected an absolute path", hint: "begin it with '/'")
    }

    /// A path of `files`, which must stay inside the guest's root.
    static func check(file path: String) -> SyntaxError? {
        let parts = path.split(separator: "/")
        if parts.allSatisfy({ $0 == "." }) {
            return SyntaxError("is '\(PlainText.short(path))', expected the path of a file in the guest")
        }
        if parts.contains("..") {
            return SyntaxError(
                "is '\(PlainText.short(path))', which contains '..'", hint: "write the path without '..'")
        }
        if path.utf8.contains(0) { return SyntaxError("contains a NUL byte") }
        if let part = parts.first(where: { $0.utf8.count > 255 }) {
            return SyntaxError("has a name of \(part.utf8.count) bytes, expected at most 255")
        }
        if parts.filter({ $0 != "." }) == ["TRAILER!!!"] {
            return SyntaxError("is 'TRAILER!!!', the name that ends an initrd", hint: "choose another name")
        }
        guard path.utf8.count <= 4000 else { return SyntaxError("has \(path.utf8.count) bytes, expected at most 4000") }
        return check(written: parts.filter { $0 != "." }.joined(separator: "/"), as: path)
    }

    /// What the build itself writes.
    private static let ours = [
        BootLayout.images, BootLayout.onboot, BootLayout.onshutdown, BootLayout.services, BootLayout.sentinel,
    ]

    /// For the JSON Schema: no '..' in the rest of a path.
    static let noParents = "(?!(.*/)?\\.\\.(/|$))"

    /// For the JSON Schema: a path of `files`.
    static var filePattern: String {
        "^\(noParents)(?!(\\./|/)*(\(ours.map { $0.dropFirst() }.joined(separator: "|")))(/|$))(?!(\\./|/)*TRAILER!!!$)/*[^/]"
    }

    /// Something that is not a directory cannot be where the build needs one.
    static func check(parent text: String) -> SyntaxError? {
        let path = text.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
        guard let written = ours.first(where: { $0.hasPrefix("/\(path)/") }) else { return nil }
        return SyntaxError(
            "is not a directory, but the build itself writes '\(written)' below '/\(path)'",
            hint: "choose another path, or write directory: true")
    }

    /// What the build writes by itself cannot be replaced, nor can anything be put into it.
    private static func check(written path: String, as text: String) -> SyntaxError? {
        guard let written = ours.first(where: { "/\(path)/".hasPrefix($0 + "/") }) else { return nil }
        return SyntaxError(
            "is '\(PlainText.short(text))', but the build itself writes '\(written)'",
            hint: "a container's configuration comes from its entry, its files from its image and from 'binds'")
    }

    /// A path that must stay inside a tree.
    static func check(inner path: String) -> SyntaxError? {
        let parts = path.split(separator: "/").filter { $0 != "." }
        guard parts.isEmpty || parts.contains("..") || path.utf8.contains(0) else { return nil }
        return SyntaxError("is '\(PlainText.short(path))', expected a path inside, without '..'")
    }

    /// A directory made for a container: in the guest's root, or relative to the container's.
    static func check(directory path: String) -> SyntaxError? {
        if path.isEmpty { return SyntaxError("is empty") }
        guard path.split(separator: "/").contains("..") else { return nil }
        return SyntaxError("is '\(PlainText.short(path))', which contains '..'", hint: "write the path without '..'")
    }

    /// The directory that a program starts in; none is the image's.
    static func check(workingDirectory path: String) -> SyntaxError? { path.isEmpty ? nil : check(absolute: path) }

    /// A name of a file at the top of the kernel image.
    static func check(name: String) -> SyntaxError? {
        guard name.contains("/") || name == "." || name == ".." else { return nil }
        return SyntaxError(
            "is '\(PlainText.short(name))', expected the name of a file at the top of the kernel image, without '/'")
    }
}
