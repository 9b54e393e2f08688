extension Spec {
    /// The merged, resolved spec as YAML, in the order of the table of keys: what `--dry-run` prints and `metadata:
    /// yaml` writes.
    public var yaml: String { YAMLWriter.text(json) }

    /// The same as JSON. Reading either again gives the same spec.
    public var json: JSONValue { KeyTable.spec.write(self) }
}
