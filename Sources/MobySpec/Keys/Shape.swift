/// The form of a value, as JSON Schema and the reference page tell of it.
indirect enum Shape: Sendable {
    case string(pattern: String?)
    case choice([String])
    case boolean
    case integer(ClosedRange<Int64>?)
    case list(Shape)
    /// A mapping with keys of the user's choice.
    case map(Shape)
    case object(KeyTableDescription)
    case either(Shape, Shape)
    /// Nothing is accepted.
    case refused

    static let string = Shape.string(pattern: nil)

    var isRefused: Bool {
        if case .refused = self { true } else { false }
    }

    /// In words, for the reference page and for messages: `list of strings`.
    var words: String {
        switch self {
        case .string: "string"
        case .choice(let words): words.map { "`\($0)`" }.joined(separator: ", ")
        case .boolean: "boolean"
        case .integer: "integer"
        case .list(let item): "list of \(item.plural)"
        case .map(let value): "mapping of \(value.plural)"
        case .object(let table): "mapping [\(table.name)](#\(table.name))"
        case .either(let a, let b): "\(a.words) or \(b.words)"
        case .refused: "nothing"
        }
    }

    private var plural: String {
        switch self {
        case .string: "strings"
        case .integer: "integers"
        case .object(let table): "[\(table.name)](#\(table.name))"
        case .either(let a, let b): "\(a.plural) or \(b.plural)"
        default: words
        }
    }
}
