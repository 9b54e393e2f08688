internal import Extents
internal import JSON

/// Members of a JSON object that came from elsewhere, in the JSON form of Protocol Buffers: bytes are base64, 64-bit
/// numbers are strings.
struct Fields {
    private let value: JSONValue
    /// Of this object, with a full stop; empty for the outermost.
    private let path: String

    /// - Throws: ``SignatureError``.
    init(_ bytes: [UInt8]) throws {
        do { value = try JSONValue(parsing: bytes) } catch { throw SignatureError("not JSON: \(error)") }
        path = ""
        guard value.members != nil else { throw SignatureError("\(value.kind), expected a JSON object") }
    }

    private init(_ value: JSONValue, name: String) throws {
        (self.value, path) = (value, name + ".")
        guard value.members != nil else { throw SignatureError("'\(name)' is \(value.kind), expected an object") }
    }

    var keys: [String] { value.members?.map(\.key) ?? [] }

    func optionalMember(_ key: String) throws -> Fields? {
        guard let member = value[key], member != .null else { return nil }
        return try Fields(member, name: path + key)
    }

    func member(_ key: String) throws -> Fields {
        guard let member = try optionalMember(key) else { throw SignatureError("'\(path + key)' is missing") }
        return member
    }

    /// An absent list is empty.
    func list(_ key: String) throws -> [Fields] {
        guard let member = value[key], member != .null else { return [] }
        guard let elements = member.array else {
            throw SignatureError("'\(path + key)' is \(member.kind), expected an array")
        }
        return try elements.enumerated().map { try Fields($1, name: "\(path)\(key)[\($0)]") }
    }

    func texts(_ key: String) throws -> [String] {
        guard let member = value[key], member != .null else { return [] }
        guard let texts = member.array?.map(\.string), texts.allSatisfy({ $0 != nil }) else {
            throw SignatureError("'\(path + key)' is not an array of strings")
        }
        return texts.compactMap(\.self)
    }

    func optionalText(_ key: String) throws -> String? {
        guard let member = value[key], member != .null else { return nil }
        guard let text = member.string else {
            throw SignatureError("'\(path + key)' is \(member.kind), expected a string")
        }
        return text
    }

    func text(_ key: String) throws -> String {
        guard let text = try optionalText(key) else { throw SignatureError("'\(path + key)' is missing") }
        return text
    }

    func bytes(_ key: String) throws -> [UInt8] { try Self.decoded(text(key), path + key) }

    func optionalBytes(_ key: String) throws -> [UInt8]? {
        try optionalText(key).map { try Self.decoded($0, path + key) }
    }

    private static func decoded(_ text: String, _ name: String) throws -> [UInt8] {
        guard let bytes = [UInt8](base64: text) else { throw SignatureError("'\(name)' is not base64") }
        return bytes
    }

    /// A number, or a string with one; an absent one is 0, which Protocol Buffers leave out.
    func number(_ key: String) throws -> Int64 {
        guard let member = value[key], member != .null else { return 0 }
        let number =
            switch member {
            case .number(let text), .string(let text): Int64(text)
            default: nil as Int64?
            }
        guard let number else { throw SignatureError("'\(path + key)' is not a whole number") }
        return number
    }
}
