extension Spec {
    /// The same with other names for its images.
    public func renamingImages(_ rename: (String) -> String) -> Spec {
        var spec = self
        func renamed(_ image: Located<String>) -> Located<String> { Located(rename(image.value), at: image.location) }
        spec.kernel.image = spec.kernel.image.map(renamed)
        spec.boot.image = spec.boot.image.map(renamed)
        spec.`init` = spec.`init`.map(renamed)
        for list in [\Spec.onboot, \Spec.onshutdown, \Spec.services] {
            for index in spec[keyPath: list].indices {
                spec[keyPath: list][index].image = renamed(spec[keyPath: list][index].image)
            }
        }
        for index in spec.volumes.indices { spec.volumes[index].image = spec.volumes[index].image.map(renamed) }
        return spec
    }

    /// Every image that the spec names, in its order.
    public var images: [Located<String>] {
        [kernel.image, boot.image].compactMap(\.self) + `init` + (onboot + onshutdown + services).map(\.image)
            + volumes.compactMap(\.image)
    }
}
