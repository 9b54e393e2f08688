internal import Extents

extension KeyTable where Owner == Spec {
    /// The section that declares variables. ``VariableExpansion`` has used it by the time that the spec is read, and
    /// the resolved spec has none.
    static var variables: Key<Spec> {
        let names = #"{"propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"}}"#
        return Key(
            VariableExpansion.key, shape: .restricted(.map(.textOrNothing), schema: names),
            "Variables of the file, with their default values; one without a value must be given. Turns on `${NAME}` in the file.",
            example: "{TAG: \"1.27\", DOMAIN: }", since: .moby
        ) { node, _, reading in
            guard case .mapping(let pairs) = node.content else {
                return reading.mismatch(node, expected: "a mapping of names to default values")
            }
            for pair in pairs { check(pair, &reading) }
        }
    }

    private static func check(_ pair: Node.Pair, _ reading: inout Reading) {
        let name = PlainText.short(pair.key.value)
        if !Variables.isName(pair.key.value) {
            reading.error(
                at: pair.key.location, "'\(name)' is not a valid name of a variable",
                hint: "use letters, digits and '_', and no digit first")
        }
        guard case .scalar = pair.value.content else {
            return reading.within(.key(name)) { $0.mismatch(pair.value, expected: "a string") }
        }
    }
}
