extension Codec where Value == ContainerSpec {
    /// - Parameter noun: what messages call it: `service`, `onboot`.
    static func container(_ noun: String) -> Codec {
        object(.container, noun: noun) {
            ContainerSpec(name: "", image: Located("", at: $0), location: $0)
        } finish: { container, node, _ in
            var container = container
            container.options.locations = KeyPlaces(node).places
            return container
        } from: {
            $0
        }
    }
}

extension KeyTable where Owner == ContainerSpec {
    /// Name, image, and all that a label may have too.
    static let container = KeyTable(
        "container",
        """
        An entry of `onboot`, `onshutdown` or `services`. All keys but `name` and `image` may also stand in the image's label
        `org.mobyproject.config`, as JSON; what the file says, even an empty list, replaces what the label says.
        """,
        [
            Key("name", \.name, .containerName, absent: nil, "Name of the container.", example: "nginx", since: .always),
            Key(
                "image", \.image, Codec<String>.image.located, absent: nil, "Image of the container.", example: "\"nginx:1.27\"",
                since: .always),
        ] + KeyTable<ContainerOptions>.options.keys.map { $0.lifted(\.options) })
}

extension KeyTable where Owner == ContainerOptions {
    /// What the label `org.mobyproject.config` may have.
    static let options = KeyTable(
        "options", "The label `org.mobyproject.config` of an image: a container's keys without `name` and `image`.",
        Key.process + Key.privileges + Key.fileSystem + Key.namespaces + Key.limits + Key.boot)
}
