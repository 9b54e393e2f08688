/// Literal (`|`) and folded (`>`) scalars (YAML 1.1, 9.3).
extension YAMLSubsetReader {
    private struct Header {
        var isFolded = false
        /// Columns beyond the parent's; nil when the first line tells.
        var indentation: Int?
        /// `-` drops the last line break, `+` keeps all.
        var chomping: UInt8?
    }

    /// - Parameter parent: column of the collection that holds the scalar; -1 at the top.
    mutating func blockScalar(below parent: Int) throws(YAMLError) -> String {
        let header = try header()
        try endLine()
        var (breaks, indent) = (0, 0)
        if let columns = header.indentation {
            indent = max(parent, 0) + columns
            breaks = try emptyLines(indent)
        } else {
            (breaks, indent) = try detect(least: max(parent + 1, 1))
        }
        var text: [UInt8] = []
        var (last, wasIndented) = (0, false)
        while column == indent, byte() != nil, !isMarker() {
            let isIndented = byte() == 0x20 || byte() == 0x09
            if header.isFolded, last > 0, !wasIndented, !isIndented {
                if breaks == 0 { text.append(0x20) }
            } else {
                text += [UInt8](repeating: 0x0A, count: last)
            }
            text += [UInt8](repeating: 0x0A, count: breaks)
            wasIndented = isIndented
            while let next = byte(), next != 0x0A {
                text.append(next)
                offset += 1
            }
            last = byte() == nil ? 0 : 1
            if last == 1 { newLine() }
            breaks = try emptyLines(indent)
        }
        if header.chomping != UInt8(ascii: "-") { text += [UInt8](repeating: 0x0A, count: last) }
        if header.chomping == UInt8(ascii: "+") { text += [UInt8](repeating: 0x0A, count: breaks) }
        // The cursor is in the indentation of the next line.
        try nextLine()
        return String(decoding: text, as: UTF8.self)
    }

    private mutating func header() throws(YAMLError) -> Header {
        var header = Header(isFolded: byte() == UInt8(ascii: ">"))
        offset += 1
        while let next = byte(), !Self.isBlank(next) {
            switch next {
            case UInt8(ascii: "+"), UInt8(ascii: "-"):
                guard header.chomping == nil else { throw error("malformed header of a block scalar") }
                header.chomping = next
            case UInt8(ascii: "1")...UInt8(ascii: "9"):
                guard header.indentation == nil else { throw error("malformed header of a block scalar") }
                header.indentation = Int(next) - 0x30
            default: throw error("malformed header of a block scalar")
            }
            offset += 1
        }
        return header
    }

    /// Skips empty lines and then the indentation, `indent` columns of it at most.
    /// - Returns: how many lines were empty.
    private mutating func emptyLines(_ indent: Int) throws(YAMLError) -> Int {
        var breaks = 0
        while true {
            while column < indent, byte() == 0x20 { offset += 1 }
            if column < indent, byte() == 0x09 { throw error("tab in the indentation; use spaces") }
            guard byte() == 0x0A else { return breaks }
            newLine()
            breaks += 1
        }
    }

    /// The indentation of the first line that is not empty.
    private mutating func detect(least: Int) throws(YAMLError) -> (breaks: Int, indent: Int) {
        var (breaks, widest) = (0, 0)
        while true {
            while byte() == 0x20 { offset += 1 }
            if byte() == 0x09 { throw error("tab in the indentation; use spaces") }
            guard byte() == 0x0A else { break }
            widest = max(widest, column)
            newLine()
            breaks += 1
        }
        // Without a line of its own the scalar is empty.
        if column < least || byte() == nil { return (breaks, max(least, column + 1)) }
        guard widest <= column else { throw error("an empty line before the text is indented deeper than it") }
        return (breaks, column)
    }
}
