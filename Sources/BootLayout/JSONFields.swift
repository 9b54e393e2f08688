/// Typed access to the members of a JSON object; what is missing or null is the default.
struct JSONFields {
    private let members: [JSON.Member]

    init(_ members: [JSON.Member]) { self.members = members }

    subscript(name: String) -> JSON? {
        guard let value = members.last(where: { $0.name == name })?.value, value != .null else { return nil }
        return value
    }

    static func object(_ json: JSON, called name: String) throws(JSONError) -> [JSON.Member] {
        guard let members = json.members else { throw JSONError("\(name) is \(json.kind), not an object") }
        return members
    }

    private func fault(_ name: String, _ value: JSON, wanted: String) -> JSONError {
        JSONError("'\(name)' is \(value.kind), not \(wanted)")
    }

    func string(_ name: String) throws(JSONError) -> String {
        guard let value = self[name] else { return "" }
        guard let text = value.string else { throw fault(name, value, wanted: "a string") }
        return text
    }

    func integer(_ name: String) throws(JSONError) -> Int {
        guard let value = self[name] else { return 0 }
        guard let number = value.integer else { throw fault(name, value, wanted: "a whole number") }
        return number
    }

    func bool(_ name: String) throws(JSONError) -> Bool {
        guard let value = self[name] else { return false }
        guard let truth = value.bool else { throw fault(name, value, wanted: "a truth value") }
        return truth
    }

    func strings(_ name: String) throws(JSONError) -> [String] {
        var texts: [String] = []
        for value in try list(name) {
            guard let text = value.string else { throw fault(name, value, wanted: "a list of strings") }
            texts.append(text)
        }
        return texts
    }

    func objects<Element>(_ name: String, _ make: (JSONFields) throws(JSONError) -> Element) throws(JSONError)
        -> [Element]
    {
        var elements: [Element] = []
        for value in try list(name) {
            elements.append(try make(JSONFields(try Self.object(value, called: "an entry of '\(name)'"))))
        }
        return elements
    }

    func choice<Choice: RawRepresentable>(_ name: String) throws(JSONError) -> Choice? where Choice.RawValue == String {
        guard self[name] != nil else { return nil }
        let text = try string(name)
        guard !text.isEmpty else { return nil }
        guard let choice = Choice(rawValue: text) else { throw JSONError("'\(name)' is '\(text)', which is unknown") }
        return choice
    }

    private func list(_ name: String) throws(JSONError) -> [JSON] {
        guard let value = self[name] else { return [] }
        guard let elements = value.array else { throw fault(name, value, wanted: "a list") }
        return elements
    }
}
