extension Codec where Value == ContainerSpec {
    /// - Parameters:
    ///   - noun: what messages call it: `service`, `onboot`.
    ///   - absent: keys that this kind of container does not have; ``SpecCheck`` finds them in a file.
    static func container(_ noun: String, without absent: [String]) -> Codec {
        let all = container(noun)
        let forbidden = absent.map { "\"\($0)\": false" }.joined(separator: ", ")
        return all.shaped(.restricted(all.shape, schema: "{\"properties\": {\(forbidden)}}"))
    }

    private static func container(_ noun: String) -> Codec {
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
        An entry of `onboot`, `onshutdown` or `services`. The image's label `org.mobyproject.config` may have all keys but `name` and `image`,
        as JSON; what the file says, even an empty list, replaces what the label says. A default holds when neither has the key.
        """,
        [
            Key(
                "name", \.name, .containerName, absent: nil, "Name of the container.", example: "nginx", since: .always),
            Key(
                "image", \.image, Codec<String>.image.located, absent: nil, "Image of the container.",
                example: "\"nginx:1.27\"",
                since: .always),
        ] + KeyTable<ContainerOptions>.options.keys.map { $0.lifted(\.options) })
}

extension KeyTable where Owner == ContainerOptions {
    /// What the label `org.mobyproject.config` may have.
    static let options = KeyTable(
        "options", "The label `org.mobyproject.config` of an image: a container's keys without `name` and `image`.",
        Key.process + Key.privileges + Key.fileSystem + Key.namespaces + Key.limits + Key.boot)
}
