extension ImageReference {
    /// What the names of images that moby builds on this machine begin with. No registry is `localhost` without a port,
    /// so nobody else can own such a name; podman marks local images in the same way.
    public static let localPrefix = "localhost/moby"

    /// Whether an image of this name is built here (`moby pkg build`) and never looked for on the network.
    public var isLocal: Bool { registry == "localhost" && repository.hasPrefix("moby/") }
}
