extension Codec where Value == IDMapping {
    static var idMapping: Codec { object(.idMapping) { _ in IDMapping(hostID: 0, containerID: 0, size: 0) } }
}

extension KeyTable where Owner == IDMapping {
    static let idMapping = KeyTable(
        "idmapping", "A range of ids of a user namespace (user_namespaces(7)).",
        [
            Key("hostID", \.hostID, .uint32, absent: nil, "First id outside.", example: "1000"),
            Key("containerID", \.containerID, .uint32, absent: nil, "First id in the container.", example: "0"),
            Key("size", \.size, .uint32, absent: nil, "How many ids.", example: "65536"),
        ])
}
