/// A JSON value (RFC 8259) whose objects keep their order and whose numbers keep their text.
///
/// It exists because PID 1 is linked without Foundation.
public indirect enum JSON: Sendable, Equatable {
    /// One name and value of an object.
    public struct Member: Sendable, Equatable {
        public var name: String
        public var value: JSON

        /// A member called `name`.
        public init(_ name: String, _ value: JSON) {
            self.name = name
            self.value = value
        }
    }

    case null
    case bool(Bool)
    /// A number as it was written, such as `-1.5e3`.
    case number(String)
    case string(String)
    case array([JSON])
    case object([Member])

    /// The value of the last member called `name`; nil when there is none or this is no object.
    public subscript(name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name == name }?.value
    }

    /// The text of a string.
    public var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// A whole number that fits an `Int`.
    public var integer: Int? {
        guard case .number(let text) = self else { return nil }
        return Int(text)
    }

    /// A truth value.
    public var bool: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    /// The elements of an array.
    public var array: [JSON]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    /// The members of an object.
    public var members: [Member]? {
        guard case .object(let members) = self else { return nil }
        return members
    }

    /// What kind of value this is, for messages.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a truth value"
        case .number: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }
}
