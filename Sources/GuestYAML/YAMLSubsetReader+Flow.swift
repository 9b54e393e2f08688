/// `[a, b]` and `{a: b}`, as in JSON.
extension YAMLSubsetReader {
    /// - Parameter depth: collections around this one.
    mutating func flow(depth: Int) throws(YAMLError) -> YAMLNode {
        guard depth < Self.deepest else { throw error("nested deeper than \(Self.deepest) levels") }
        let start = line
        let isSequence = byte() == UInt8(ascii: "[")
        let closing = UInt8(ascii: isSequence ? "]" : "}")
        offset += 1
        var (items, entries, lines): ([YAMLNode], [YAMLEntry], [String: Int]) = ([], [], [:])
        try skipFlowSpace()
        while byte() != closing {
            if isSequence {
                items.append(try flowNode(depth: depth))
            } else {
                let entry = try flowEntry(depth: depth)
                if let first = lines[entry.key] {
                    throw error("duplicate key '\(entry.key)' (first on line \(first))")
                }
                lines[entry.key] = entry.line
                entries.append(entry)
            }
            try skipFlowSpace()
            if byte() == UInt8(ascii: ",") {
                offset += 1
                try skipFlowSpace()
            } else if byte() != closing {
                throw error("expected ',' or '\(Character(Unicode.Scalar(closing)))'")
            }
        }
        offset += 1
        return YAMLNode(line: start, content: isSequence ? .sequence(items) : .mapping(entries))
    }

    private mutating func flowNode(depth: Int) throws(YAMLError) -> YAMLNode {
        try count()
        if byte() == UInt8(ascii: "[") || byte() == UInt8(ascii: "{") { return try flow(depth: depth + 1) }
        let start = line
        let (text, isPlain) = try flowScalar()
        return YAMLNode(line: start, content: .scalar(text, isPlain: isPlain))
    }

    private mutating func flowScalar() throws(YAMLError) -> (text: String, isPlain: Bool) {
        if byte() == UInt8(ascii: "\"") || byte() == UInt8(ascii: "'") { return (try quoted(), false) }
        try checkFirst(inFlow: true)
        let end = plainEnd(inFlow: true)
        let text = trimmed(offset, end)
        offset = end
        return (text, true)
    }

    private mutating func flowEntry(depth: Int) throws(YAMLError) -> YAMLEntry {
        try count()
        let (start, line) = (offset, line)
        guard byte() != UInt8(ascii: "["), byte() != UInt8(ascii: "{") else {
            throw error("keys that are lists or mappings are not supported")
        }
        let (key, isPlain) = try flowScalar()
        skipSpaces()
        guard line == self.line, offset - start <= Self.longestKey else {
            throw error("a key has one line and at most \(Self.longestKey) bytes")
        }
        guard byte() == UInt8(ascii: ":") else { return YAMLEntry(key: key, line: line, value: null()) }
        if isPlain, !Self.isBlank(byte(1)) { throw error("expected a space after ':'") }
        offset += 1
        try skipFlowSpace()
        if byte() == UInt8(ascii: ",") || byte() == UInt8(ascii: "}") {
            return YAMLEntry(key: key, line: line, value: null())
        }
        return YAMLEntry(key: key, line: line, value: try flowNode(depth: depth))
    }

    /// White space, line breaks and comments between the parts of a flow collection.
    private mutating func skipFlowSpace() throws(YAMLError) {
        while let next = byte() {
            guard !isMarker() else { break }
            switch next {
            case 0x20, 0x09: offset += 1
            case 0x0A:
                newLine()
                while byte() == 0x20 { offset += 1 }
                if byte() == 0x09 { throw error("tab in the indentation; use spaces") }
            case UInt8(ascii: "#") where offset == lineStart || Self.isBlank(bytes[offset - 1]):
                while let byte = byte(), byte != 0x0A { offset += 1 }
            default: return
            }
        }
        throw error("a list or mapping without an end")
    }
}
