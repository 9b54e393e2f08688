internal import CYAML

/// libyaml's parser over a text that outlives it.
final class YAMLEvents {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let bytes: UnsafeBufferPointer<UInt8>
    private let file: String

    init(_ bytes: UnsafeBufferPointer<UInt8>, file: String) {
        parser = .allocate(capacity: 1)
        parser.initialize(to: yaml_parser_t())
        self.bytes = bytes
        self.file = file
        precondition(yaml_parser_initialize(parser) == 1, "no memory for a YAML parser")
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
    }

    /// - Throws: `Diagnostic` where the text is not YAML.
    func next() throws(Diagnostic) -> YAMLEvent {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw syntaxError() }
        defer { yaml_event_delete(&event) }
        return YAMLEvent(kind: kind(event), location: location(event.start_mark))
    }

    private func kind(_ event: yaml_event_t) -> YAMLEvent.Kind {
        switch event.type {
        case YAML_STREAM_START_EVENT: return .streamStart
        case YAML_DOCUMENT_START_EVENT: return .documentStart
        case YAML_DOCUMENT_END_EVENT: return .documentEnd
        case YAML_ALIAS_EVENT: return .alias(text(event.data.alias.anchor) ?? "")
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            return .scalar(
                text: text, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE, properties(scalar.anchor, scalar.tag))
        case YAML_SEQUENCE_START_EVENT:
            return .sequenceStart(properties(event.data.sequence_start.anchor, event.data.sequence_start.tag))
        case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
        case YAML_MAPPING_START_EVENT:
            return .mappingStart(properties(event.data.mapping_start.anchor, event.data.mapping_start.tag))
        case YAML_MAPPING_END_EVENT: return .mappingEnd
        default: return .streamEnd
        }
    }

    private func properties(_ anchor: UnsafeMutablePointer<UInt8>?, _ tag: UnsafeMutablePointer<UInt8>?)
        -> YAMLEvent.Properties
    {
        let standard = "tag:yaml.org,2002:"
        let name = text(tag)
        return YAMLEvent.Properties(
            anchor: text(anchor), tag: name.map { $0.hasPrefix(standard) ? String($0.dropFirst(standard.count)) : $0 })
    }

    private func text(_ pointer: UnsafeMutablePointer<UInt8>?) -> String? { pointer.map { String(cString: $0) } }

    private func location(_ mark: yaml_mark_t) -> SourceLocation {
        SourceLocation(file: file, line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }

    private func syntaxError() -> Diagnostic {
        let state = parser.pointee
        let problem = state.problem.map { String(cString: $0) } ?? "no memory"
        if state.error == YAML_READER_ERROR {
            return Diagnostic(at: location(offset: state.problem_offset), "not YAML: \(problem)")
        }
        var message = "not YAML: \(problem)"
        if problem == "found unexpected end of stream" {
            return Diagnostic(
                at: location(state.context_mark), "not YAML: unterminated quoted text", hint: "close the quote")
        }
        if let context = state.context.map({ String(cString: $0) }), context != "while scanning for the next token" {
            let line = state.context_mark.line
            message += " \(context)" + (line == state.problem_mark.line ? "" : ", which begins on line \(line + 1)")
        }
        return Diagnostic(at: location(state.problem_mark), message, hint: hint(problem, at: state.problem_mark))
    }

    /// Reader errors come with an offset of bytes only.
    private func location(offset: Int) -> SourceLocation {
        let before = String(decoding: bytes.prefix(offset), as: UTF8.self).unicodeScalars
        let line = before.reversed().prefix { $0 != "\n" }
        return SourceLocation(file: file, line: before.count { $0 == "\n" } + 1, column: line.count + 1)
    }

    private func hint(_ problem: String, at mark: yaml_mark_t) -> String? {
        let scalars = String(decoding: bytes, as: UTF8.self).unicodeScalars
        let character = scalars.dropFirst(Int(mark.index)).first
        switch (problem, character) {
        case ("found character that cannot start any token", "\t"):
            return "indent with spaces: YAML does not allow tabs there"
        case ("found character that cannot start any token", "@"): return "put the text in quotes: \"@moby:…\""
        case ("found character that cannot start any token", _): return "put the text in quotes"
        case ("mapping values are not allowed in this context", _):
            return "put text that has ': ' in it in quotes, and keys of one mapping in one column"
        case ("did not find expected key", _), ("did not find expected '-' indicator", _):
            return "all items of a list, and all keys of a mapping, must begin in the same column"
        case ("could not find expected ':'", _): return "a key is followed by ': ' and its value"
        default: return nil
        }
    }
}
