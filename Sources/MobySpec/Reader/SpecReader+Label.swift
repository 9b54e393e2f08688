extension SpecReader {
    /// What is wrong with a part of a file that is to become the label `org.mobyproject.config`, each fault at its place.
    package static func faults(ofLabel node: Node) -> [Diagnostic] {
        var reading = Reading()
        _ = KeyTable.options.read(node, into: ContainerOptions(), &reading)
        return reading.faults.filter { $0.severity == .error }
    }
}
