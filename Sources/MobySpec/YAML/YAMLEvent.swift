/// One of libyaml's events, with its place.
struct YAMLEvent {
    enum Kind {
        case streamStart, streamEnd, documentStart, documentEnd
        case alias(String)
        case scalar(text: String, isPlain: Bool, Properties)
        case sequenceStart(Properties), sequenceEnd
        case mappingStart(Properties), mappingEnd
    }

    /// What may stand before a node.
    struct Properties {
        var anchor: String?
        /// Standard tags without `tag:yaml.org,2002:`.
        var tag: String?
    }

    let kind: Kind
    let location: SourceLocation
}
