internal import Extents
internal import OCI

/// The name of an image: a reference, or the location of an image on this machine.
enum ImageName {
    /// Locations on this machine: an OCI image layout, one in a tar, what `docker save` writes.
    static let prefixes = ["oci:", "oci-archive:", "docker-archive:"]

    /// What other tools take before the name of an image, and what to do here.
    private static let foreign = [
        "docker-daemon:": "write it to a file with 'docker save -o FILE IMAGE', and name it as docker-archive:FILE",
        "containers-storage:":
            "write it to a file with 'podman save -o FILE IMAGE', and name it as docker-archive:FILE",
        "docker://": "omit 'docker://': a reference without a prefix is a registry image",
        "dir:": "copy it with 'skopeo copy dir:DIR oci:LAYOUT', and name it as oci:LAYOUT",
    ]

    /// For the JSON Schema: most references, all locations, all templates.
    static var pattern: String {
        let host = "([A-Za-z0-9.-]+(:[0-9]+)?/|\\[[0-9A-Fa-f:]+\\](:[0-9]+)?/)?"
        let part = "[a-z0-9]+([._-]+[a-z0-9]+)*"
        let tag = "(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?"
        return
            "^(@pkg:.+|@moby:.+|(\(prefixes.map { $0.dropLast() }.joined(separator: "|"))):.+|\(host)\(part)(/\(part))*\(tag)(@[a-z0-9]+:[0-9a-f]+)?)$"
    }

    static func check(_ text: String) -> SyntaxError? {
        if text.isEmpty { return SyntaxError("is empty", hint: "write an image reference such as nginx:1.27") }
        if let prefix = prefixes.first(where: { text.hasPrefix($0) }) {
            return text.count > prefix.count ? nil : SyntaxError("is '\(text)', expected a path after '\(prefix)'")
        }
        if let (prefix, hint) = foreign.first(where: { text.hasPrefix($0.key) }) {
            return SyntaxError("is '\(PlainText.short(text))', and '\(prefix)' is not supported", hint: hint)
        }
        do {
            _ = try ImageReference(text)
            return nil
        } catch {
            let reason = "\(error)"
            let name = ["'\(text)' ", "'\(PlainText.short(text))' "].first { reason.hasPrefix($0) }
            let isTemplate = text.contains("${") || text.contains("{{") || text.hasPrefix("<") || text.hasSuffix(">")
            return SyntaxError(
                name.map { String(reason.dropFirst($0.count)) } ?? "is not an image reference: \(reason)",
                hint: isTemplate ? "this looks like a template: fill it in first, for example with envsubst" : nil)
        }
    }
}

/// Names of containers and volumes, which become names of directories in the guest.
enum PartName {
    /// Also the characters that runc takes for the name of a container.
    static func check(container name: String) -> SyntaxError? {
        if name.isEmpty { return SyntaxError("is empty") }
        if name == "." || name == ".." || name.contains("/") {
            return SyntaxError(
                "is '\(PlainText.short(name))', which is a path",
                hint: "the name becomes a directory: use letters, digits, '-', '_' and '.'")
        }
        let isFine = name.utf8.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || "_+.-".utf8.contains($0) }
        guard isFine else {
            return SyntaxError("is '\(PlainText.short(name))', expected letters, digits, '-', '_', '+' and '.'")
        }
        return name.utf8.count <= 200 ? nil : SyntaxError("has \(name.utf8.count) characters, expected at most 200")
    }

    static func check(volume name: String) -> SyntaxError? {
        if name.isEmpty { return SyntaxError("is empty") }
        guard name.utf8.allSatisfy({ $0.isASCIILowercase || $0.isASCIIDigit || "_-".utf8.contains($0) }) else {
            return SyntaxError("is '\(PlainText.short(name))', expected letters a-z, digits, '-' and '_'")
        }
        return name.utf8.count <= 200 ? nil : SyntaxError("has \(name.utf8.count) characters, expected at most 200")
    }
}
