import CYAML

/// What libyaml reads: the same shape as `YAMLNode`, without lines.
indirect enum YAMLTree: Equatable {
    case scalar(String, isPlain: Bool)
    case sequence([YAMLTree])
    case mapping([Pair])

    struct Pair: Equatable {
        let key: YAMLTree
        let value: YAMLTree
    }
}

/// Composes the tree of one document from libyaml's events. Anchors, aliases and tags are left out: `hasExtras` tells.
struct LibYAML {
    private var parser = yaml_parser_t()
    private(set) var hasExtras = false

    struct Failure: Error {}

    /// - Returns: nil when libyaml reads no document, or more than one.
    static func read(_ bytes: [UInt8]) -> (tree: YAMLTree?, hasExtras: Bool) {
        var reader = LibYAML()
        guard yaml_parser_initialize(&reader.parser) == 1 else { return (nil, false) }
        defer { yaml_parser_delete(&reader.parser) }
        return bytes.withUnsafeBufferPointer { buffer in
            yaml_parser_set_input_string(&reader.parser, buffer.baseAddress, buffer.count)
            do {
                return (try reader.document(), reader.hasExtras)
            } catch {
                return (nil, reader.hasExtras)
            }
        }
    }

    private mutating func document() throws -> YAMLTree {
        guard try next({ $0.type }) == YAML_STREAM_START_EVENT else { throw Failure() }
        let start = try next { ($0.type, $0.data.document_start.version_directive != nil) }
        if start.0 == YAML_STREAM_END_EVENT { return .scalar("", isPlain: true) }
        if start.1 { hasExtras = true }
        guard let tree = try node() else { throw Failure() }
        guard try next({ $0.type }) == YAML_DOCUMENT_END_EVENT, try next({ $0.type }) == YAML_STREAM_END_EVENT else {
            throw Failure()
        }
        return tree
    }

    private mutating func next<Result>(_ body: (yaml_event_t) -> Result) throws -> Result {
        var event = yaml_event_t()
        guard yaml_parser_parse(&parser, &event) == 1 else { throw Failure() }
        defer { yaml_event_delete(&event) }
        return body(event)
    }

    private enum Event {
        case scalar(String, isPlain: Bool, hasExtras: Bool)
        case sequence, mapping, end, alias
    }

    /// - Returns: nil at the end of a collection.
    private mutating func node() throws -> YAMLTree? {
        let event: Event = try next { event in
            switch event.type {
            case YAML_SCALAR_EVENT:
                let scalar = event.data.scalar
                let text = String(
                    decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
                return .scalar(
                    text, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE,
                    hasExtras: scalar.anchor != nil || scalar.tag != nil)
            case YAML_SEQUENCE_START_EVENT: return .sequence
            case YAML_MAPPING_START_EVENT: return .mapping
            case YAML_ALIAS_EVENT: return .alias
            default: return .end
            }
        }
        switch event {
        case .end: return nil
        case .alias:
            hasExtras = true
            return .scalar("", isPlain: true)
        case .scalar(let text, let isPlain, let extras):
            hasExtras = hasExtras || extras
            return .scalar(text, isPlain: isPlain)
        case .sequence:
            var items: [YAMLTree] = []
            while let item = try node() { items.append(item) }
            return .sequence(items)
        case .mapping:
            var pairs: [YAMLTree.Pair] = []
            while let key = try node() {
                guard let value = try node() else { throw Failure() }
                pairs.append(.init(key: key, value: value))
            }
            return .mapping(pairs)
        }
    }
}
