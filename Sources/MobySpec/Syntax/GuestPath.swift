internal import BootLayout
internal import Extents

/// Paths inside the guest.
enum GuestPath {
    /// Where something is mounted in a container.
    static func check(destination: String, of text: String) -> SyntaxFault? {
        if destination.hasPrefix("/") { return nil }
        return SyntaxFault(
            "is '\(PlainText.short(text))', whose destination '\(PlainText.short(destination))' is not an absolute path",
            hint: "begin it with '/'")
    }

    static func check(absolute path: String) -> SyntaxFault? {
        path.hasPrefix("/") ? nil : SyntaxFault("is '\(PlainText.short(path))', expected an absolute path", hint: "begin it with '/'")
    }

    /// A path of `files`, which must stay inside the guest's root.
    static func check(file path: String) -> SyntaxFault? {
        let parts = path.split(separator: "/")
        if parts.allSatisfy({ $0 == "." }) { return SyntaxFault("is '\(PlainText.short(path))', expected the path of a file in the guest") }
        if parts.contains("..") {
            return SyntaxFault("is '\(PlainText.short(path))', which has '..' in it", hint: "write the path without '..'")
        }
        if path.utf8.contains(0) { return SyntaxFault("has a zero byte in it") }
        if let part = parts.first(where: { $0.utf8.count > 255 }) {
            return SyntaxFault("has a name of \(part.utf8.count) bytes, expected at most 255")
        }
        guard path.utf8.count <= 4000 else { return SyntaxFault("has \(path.utf8.count) bytes, expected at most 4000") }
        return check(written: parts.filter { $0 != "." }.joined(separator: "/"), as: path)
    }

    /// What the build writes by itself cannot be replaced, nor can anything be put into it.
    private static func check(written path: String, as text: String) -> SyntaxFault? {
        let ours = [BootLayout.images, BootLayout.onboot, BootLayout.onshutdown, BootLayout.services, BootLayout.sentinel]
        guard let place = ours.first(where: { "/\(path)/".hasPrefix($0 + "/") }) else { return nil }
        return SyntaxFault(
            "is '\(PlainText.short(text))', and '\(place)' is written by the build",
            hint: "a container's configuration comes from its entry, its files from its image and from 'binds'")
    }

    /// A directory made for a container: in the guest's root, or relative to the container's.
    static func check(directory path: String) -> SyntaxFault? {
        if path.isEmpty { return SyntaxFault("is empty") }
        guard path.split(separator: "/").contains("..") else { return nil }
        return SyntaxFault("is '\(PlainText.short(path))', which has '..' in it", hint: "write the path without '..'")
    }

    /// The directory that a program starts in; none is the image's.
    static func check(workingDirectory path: String) -> SyntaxFault? { path.isEmpty ? nil : check(absolute: path) }

    /// A name of a file at the top of the kernel image.
    static func check(name: String) -> SyntaxFault? {
        guard name.contains("/") || name == "." || name == ".." else { return nil }
        return SyntaxFault("is '\(PlainText.short(name))', expected the name of a file at the top of the kernel image, without '/'")
    }
}
