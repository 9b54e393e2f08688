/// All tables, from the top level down.
enum KeyTables {
    static let all: [KeyTableDescription] = KeyTable<Spec>.spec.description.reachable
}
