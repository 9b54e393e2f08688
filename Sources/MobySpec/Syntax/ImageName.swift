internal import OCI

/// What may stand where an image is asked for: a reference, or the place of an image on this machine.
enum ImageName {
    /// Places on this machine: an OCI image layout, one in a tar, what `docker save` writes.
    static let prefixes = ["oci:", "oci-archive:", "docker-archive:"]

    static func check(_ text: String) -> SyntaxFault? {
        if text.isEmpty { return SyntaxFault("is empty", hint: "write an image reference such as nginx:1.27") }
        if let prefix = prefixes.first(where: { text.hasPrefix($0) }) {
            return text.count > prefix.count ? nil : SyntaxFault("is '\(text)', expected a path after '\(prefix)'")
        }
        do {
            _ = try ImageReference(text)
            return nil
        } catch {
            let reason = "\(error)"
            let name = "'\(text)' "
            return SyntaxFault(reason.hasPrefix(name) ? String(reason.dropFirst(name.count)) : "is no image reference: \(reason)")
        }
    }
}
