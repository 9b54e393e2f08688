public import JSON

/// A JSON value whose parts know where they came from.
public indirect enum JSONWithOrigins: Sendable {
    case value(JSONValue, Origin)
    case array([JSONWithOrigins])
    case object([(key: String, value: JSONWithOrigins)])

    /// The value alone.
    public var json: JSONValue {
        switch self {
        case .value(let value, _): value
        case .array(let items): .array(items.map(\.json))
        case .object(let members): .object(members.map { ($0.key, $0.value.json) })
        }
    }

    /// Every traced part by its JSON pointer (RFC 6901), in order.
    public var origins: [(pointer: String, origin: Origin)] {
        var result: [(pointer: String, origin: Origin)] = []
        collect(at: "", into: &result)
        return result
    }

    /// Every text with where it came from, names of members left out.
    var texts: [(text: String, origin: Origin)] {
        switch self {
        case .value(let value, let origin): value.texts.map { ($0, origin) }
        case .array(let items): items.flatMap(\.texts)
        case .object(let members): members.flatMap(\.value.texts)
        }
    }

    private func collect(at pointer: String, into result: inout [(pointer: String, origin: Origin)]) {
        switch self {
        case .value(_, let origin):
            result.append((pointer, origin))
        case .array(let items):
            for (index, item) in items.enumerated() { item.collect(at: "\(pointer)/\(index)", into: &result) }
        case .object(let members):
            for (key, value) in members {
                value.collect(at: "\(pointer)/\(JSONWithOrigins.escaped(key))", into: &result)
            }
        }
    }

    private static func escaped(_ key: String) -> String {
        key.split(separator: "~", omittingEmptySubsequences: false).joined(separator: "~0")
            .split(separator: "/", omittingEmptySubsequences: false).joined(separator: "~1")
    }
}

extension JSONWithOrigins {
    /// An object of the members that are present; nil when all are absent.
    static func object(present members: [(key: String, value: JSONWithOrigins?)]) -> JSONWithOrigins? {
        let present = members.compactMap { member in member.value.map { (key: member.key, value: $0) } }
        return present.isEmpty ? nil : .object(present)
    }

    /// A list of words with one origin; nil when it is empty, as the runtime specification omits empty lists.
    static func strings(_ choice: WithOrigin<[String]>?) -> JSONWithOrigins? {
        guard let choice, !choice.value.isEmpty else { return nil }
        return .value(.array(choice.value.map { .string($0) }), choice.origin)
    }

    static func string(_ choice: WithOrigin<String>?) -> JSONWithOrigins? {
        choice.map { .value(.string($0.value), $0.origin) }
    }

    /// `true` with its origin; nil for false, which the runtime specification omits.
    static func flag(_ choice: WithOrigin<Bool>?) -> JSONWithOrigins? {
        guard let choice, choice.value else { return nil }
        return .value(.bool(true), choice.origin)
    }

    /// A map in the order of its keys; nil when it is empty.
    static func map(_ choice: WithOrigin<[String: String]>?) -> JSONWithOrigins? {
        guard let choice, !choice.value.isEmpty else { return nil }
        let members = choice.value.sorted { $0.key < $1.key }.map { (key: $0.key, value: JSONValue.string($0.value)) }
        return .value(.object(members), choice.origin)
    }
}

extension JSONValue {
    fileprivate var texts: [String] {
        switch self {
        case .string(let text): [text]
        case .array(let items): items.flatMap(\.texts)
        case .object(let members): members.flatMap { [$0.key] + $0.value.texts }
        case .null, .bool, .number: []
        }
    }
}
