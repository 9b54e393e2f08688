extension SpecReader {
    /// What is wrong with a part of a file that is to become the label `org.mobyproject.config`, each fault at its
    /// place.
    package static func faults(ofLabel node: Node) -> [Diagnostic] {
        var reading = Reading()
        _ = reading.within(.entry("config")) { KeyTable.options.read(node, into: ContainerOptions(), &$0) }
        return reading.faults.filter { $0.severity == .error }
    }
}
