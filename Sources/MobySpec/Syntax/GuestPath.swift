/// Paths inside the guest.
enum GuestPath {
    /// Where something is mounted in a container.
    static func check(destination: String, of text: String) -> SyntaxFault? {
        if destination.hasPrefix("/") { return nil }
        return SyntaxFault(
            "is '\(Scalar.short(text))', whose destination '\(Scalar.short(destination))' is not an absolute path",
            hint: "begin it with '/'")
    }

    static func check(absolute path: String) -> SyntaxFault? {
        path.hasPrefix("/") ? nil : SyntaxFault("is '\(Scalar.short(path))', expected an absolute path", hint: "begin it with '/'")
    }

    /// A path of `files`, which must stay inside the guest's root.
    static func check(file path: String) -> SyntaxFault? {
        let parts = path.split(separator: "/")
        if parts.allSatisfy({ $0 == "." }) { return SyntaxFault("is '\(Scalar.short(path))', expected the path of a file in the guest") }
        if parts.contains("..") {
            return SyntaxFault("is '\(Scalar.short(path))', which has '..' in it", hint: "write the path without '..'")
        }
        if path.utf8.contains(0) { return SyntaxFault("has a zero byte in it") }
        if let part = parts.first(where: { $0.utf8.count > 255 }) {
            return SyntaxFault("has a name of \(part.utf8.count) bytes, expected at most 255")
        }
        return path.utf8.count > 4000 ? SyntaxFault("has \(path.utf8.count) bytes, expected at most 4000") : nil
    }

    /// A name of a file at the top of the kernel image.
    static func check(name: String) -> SyntaxFault? {
        guard name.contains("/") || name == "." || name == ".." else { return nil }
        return SyntaxFault("is '\(Scalar.short(name))', expected the name of a file at the top of the kernel image, without '/'")
    }
}
