/// Reads one document of a subset of YAML 1.1: block and flow mappings and sequences; plain, quoted, literal and folded
/// scalars; comments. What it accepts means the same to libyaml. Anchors, aliases, tags, directives, keys that are not
/// scalars, several documents and duplicate keys are errors.
///
/// Between nodes the cursor is at the first character of a line's content, or at the end.
package struct YAMLSubsetReader {
    let bytes: [UInt8]
    var offset = 0
    var line = 1
    var lineStart = 0
    private var depth = 0
    private var nodes = 0

    static let deepest = 32
    static let mostNodes = 100_000
    package static let longest = 4 << 20
    /// libyaml's limit for a key that ends at a colon.
    static let longestKey = 1024

    package static func read(_ bytes: [UInt8]) throws(YAMLError) -> YAMLNode {
        guard bytes.count <= longest else { throw YAMLError(line: 1, reason: "longer than \(longest) bytes") }
        var reader = YAMLSubsetReader(bytes: try YAMLText.checked(bytes))
        return try reader.document()
    }

    private mutating func document() throws(YAMLError) -> YAMLNode {
        try nextLine()
        if byte() == UInt8(ascii: "%") { throw error("directives are not supported") }
        if isMarker("---") {
            offset += 3
            try endLine()
            try nextLine()
        }
        let node = isAtEnd ? null() : try block(below: -1)
        if isMarker("...") {
            offset += 3
            try endLine()
            try nextLine()
        }
        guard offset == bytes.count else {
            throw error(isMarker("---") ? "more than one document" : "expected no text here; check the indentation")
        }
        return node
    }

    /// A node whose first character is under the cursor.
    /// - Parameter parent: column of the collection that holds it; -1 at the top.
    mutating func block(below parent: Int) throws(YAMLError) -> YAMLNode {
        try enter()
        defer { depth -= 1 }
        if isIndicator("-") { return try sequence(at: column) }
        let start = (offset, line, lineStart)
        let isMapping = try key() != nil
        (offset, line, lineStart) = start
        return isMapping ? try mapping(at: column) : try scalarOrFlow(below: parent)
    }

    private mutating func enter() throws(YAMLError) {
        depth += 1
        guard depth <= Self.deepest else { throw error("nested deeper than \(Self.deepest) levels") }
    }

    mutating func count() throws(YAMLError) {
        nodes += 1
        guard nodes <= Self.mostNodes else { throw error("more than \(Self.mostNodes) nodes") }
    }

    private mutating func sequence(at column: Int) throws(YAMLError) -> YAMLNode {
        let start = line
        var items: [YAMLNode] = []
        repeat {
            offset += 1
            try count()
            let ends = try skipToText()
            items.append(ends && (isAtEnd || self.column <= column) ? null() : try block(below: column))
            guard isAtEnd || self.column <= column else { throw error("the indentation matches no line above") }
        } while !isAtEnd && self.column == column && isIndicator("-")
        return YAMLNode(line: start, content: .sequence(items))
    }

    private mutating func mapping(at column: Int) throws(YAMLError) -> YAMLNode {
        let start = line
        var (entries, lines): ([YAMLEntry], [String: Int]) = ([], [:])
        repeat {
            try count()
            let line = line
            guard !isIndicator("-"), let key = try key() else { throw error("expected 'key: value'") }
            if let first = lines[key] { throw error("duplicate key '\(key)' (first on line \(first))") }
            lines[key] = line
            entries.append(YAMLEntry(key: key, line: line, value: try value(at: column)))
            guard isAtEnd || self.column <= column else { throw error("the indentation matches no line above") }
        } while !isAtEnd && self.column == column
        return YAMLNode(line: start, content: .mapping(entries))
    }

    /// The value behind a key and its colon.
    private mutating func value(at column: Int) throws(YAMLError) -> YAMLNode {
        guard try skipToText() else {
            if isIndicator("-") { throw error("a list has to begin on a line of its own") }
            return try scalarOrFlow(below: column)
        }
        if isAtEnd || self.column < column { return null() }
        if self.column > column { return try block(below: column) }
        return isIndicator("-") ? try sequence(at: column) : null()
    }

    private mutating func scalarOrFlow(below parent: Int) throws(YAMLError) -> YAMLNode {
        try count()
        let start = line
        switch byte() {
        case UInt8(ascii: "["), UInt8(ascii: "{"):
            let node = try flow(depth: depth)
            try endNode()
            return node
        case UInt8(ascii: "|"), UInt8(ascii: ">"):
            return YAMLNode(line: start, content: .scalar(try blockScalar(below: parent), isPlain: false))
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            let text = try quoted()
            try endNode()
            return YAMLNode(line: start, content: .scalar(text, isPlain: false))
        default:
            return YAMLNode(line: start, content: .scalar(try plain(below: parent), isPlain: true))
        }
    }

    func null() -> YAMLNode { YAMLNode(line: line, content: .scalar("", isPlain: true)) }
    func error(_ reason: String) -> YAMLError { YAMLError(line: line, reason: reason) }
}
