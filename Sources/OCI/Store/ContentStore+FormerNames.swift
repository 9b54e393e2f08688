internal import Extents
internal import Glibc

extension ContentStore {
    /// The name that moby gave to the same image before its names began with `localhost/moby`; nil for names of all
    /// other kinds.
    private static func formerName(of name: String) -> String? {
        guard let reference = try? ImageReference(name), reference.isLocal, reference.digest == nil,
            let tag = reference.tag
        else {
            return nil
        }
        return "\(ImageReference.defaultRegistry)/\(reference.repository):\(tag)"
    }

    /// What the former name of a local image stands for. Only what was built here counts: its descriptor has a
    /// platform, and one that came from a registry does not.
    func formerDescriptor(of name: String) -> Descriptor? {
        guard let former = Self.formerName(of: name), let descriptor = ownDescriptor(named: former),
            descriptor.platform != nil
        else {
            return nil
        }
        return descriptor
    }

    /// Gives an image that an earlier moby built its name of today. A store that cannot be written keeps the former
    /// one, by which the image is found as well.
    /// - Throws: `FileError`.
    public func adopt(_ name: String) throws {
        guard ownDescriptor(named: name) == nil, let former = Self.formerName(of: name),
            let descriptor = formerDescriptor(of: name)
        else {
            return
        }
        guard access(root, W_OK) == 0 else { return }
        try set(name, to: descriptor)
        _ = try remove(former)
    }
}
