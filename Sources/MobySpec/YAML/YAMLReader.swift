/// Reads one YAML document (or JSON) into a tree of nodes, with bounds on what a hostile text can cost.
package enum YAMLReader {
    /// Bytes of text that are read at most.
    static let sizeLimit = 16 << 20

    /// - Parameter problems: gets the errors of a tree that could still be read (duplicate keys, unknown tags), and
    ///   warnings.
    /// - Returns: nil for a text without a document, and for one that is not YAML.
    package static func read(_ text: String, file: String, _ problems: inout [Diagnostic]) -> Node? {
        let top = SourceLocation(file: file, line: 1, column: 1)
        guard text.utf8.count <= sizeLimit else {
            problems.append(Diagnostic(at: top, "the text has \(text.utf8.count) bytes, expected at most \(sizeLimit)"))
            return nil
        }
        // A byte order mark: libyaml skips it only where it may guess the encoding.
        var text = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
        return text.withUTF8 { bytes in
            var composer = YAMLComposer(YAMLEvents(bytes, file: file))
            var root: Node?
            do throws(Diagnostic) { root = try composer.document() } catch { composer.problems.append(error) }
            problems += composer.problems
            return root
        }
    }
}

/// One of libyaml's events, with its location.
struct YAMLEvent {
    enum Kind {
        case streamStart, streamEnd, documentStart, documentEnd
        case alias(String)
        case scalar(text: String, isPlain: Bool, Properties)
        case sequenceStart(Properties), sequenceEnd
        case mappingStart(Properties), mappingEnd
    }

    /// What may precede a node.
    struct Properties {
        var anchor: String?
        /// Standard tags without `tag:yaml.org,2002:`.
        var tag: String?
    }

    let kind: Kind
    let location: SourceLocation
}
