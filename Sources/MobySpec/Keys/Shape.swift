/// The form of a value, as JSON Schema and the reference page tell of it.
indirect enum Shape: Sendable {
    case string(pattern: String?)
    case choice([String])
    /// One of more words than the reference page lists.
    case word([String])
    /// The name of an output format; another module knows them.
    case outputFormat
    case boolean
    case integer(ClosedRange<Int64>?)
    case list(Shape)
    /// A mapping with keys of the user's choice.
    case map(Shape)
    case object(KeyTableDescription)
    case either(Shape, Shape)
    /// What a further JSON Schema, given as text, accepts too.
    case restricted(Shape, schema: String)

    static let string = Shape.string(pattern: nil)

    /// In words, for the reference page and for messages: `list of strings`.
    var words: String {
        switch self {
        case .string, .word, .outputFormat: "string"
        case .choice(let words): words.filter { !$0.isEmpty }.map { "`\($0)`" }.joined(separator: ", ")
        case .boolean: "boolean"
        case .integer: "integer"
        case .list(let item): "list of \(item.plural)"
        case .map(let value): "mapping of \(value.plural)"
        case .object(let table): "mapping \(table.link)"
        case .either(let a, let b): "\(a.words) or \(b.words)"
        case .restricted(let shape, _): shape.words
        }
    }

    private var plural: String {
        switch self {
        case .string, .word, .outputFormat: "strings"
        case .integer: "integers"
        case .object(let table): table.link
        case .either(let a, let b): "\(a.plural) or \(b.plural)"
        case .restricted(let shape, _): shape.plural
        default: words
        }
    }
}

extension KeyTableDescription {
    /// To the table's heading on the reference page. GitHub makes an anchor of a heading by dropping all but letters,
    /// digits, `-` and `_`, in lower case.
    fileprivate var link: String {
        "[\(name)](#\(name.lowercased().filter { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }))"
    }
}
