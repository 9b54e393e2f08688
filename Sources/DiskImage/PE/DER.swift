/// Builds ASN.1 values in their distinguished encoding (X.690).
enum DER {
    static func value(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        if content.count < 0x80 { return [tag, UInt8(content.count)] + content }
        var length: [UInt8] = []
        var rest = content.count
        while rest > 0 {
            length.insert(UInt8(rest & 0xFF), at: 0)
            rest >>= 8
        }
        return [tag, 0x80 | UInt8(length.count)] + length + content
    }

    static func sequence(_ parts: [UInt8]...) -> [UInt8] { value(0x30, parts.flatMap(\.self)) }
    /// The members of a set stand in the order of their encodings.
    static func set(_ parts: [UInt8]...) -> [UInt8] { value(0x31, parts.sorted { $0.lexicographicallyPrecedes($1) }.flatMap(\.self)) }
    static func octets(_ bytes: [UInt8]) -> [UInt8] { value(0x04, bytes) }
    /// `[number]`, with one value inside or several.
    static func tagged(_ number: UInt8, _ content: [UInt8]) -> [UInt8] { value(0xA0 | number, content) }
    static func integer(_ number: UInt8) -> [UInt8] { [0x02, 1, number] }
    static let null: [UInt8] = [0x05, 0]

    /// An object identifier.
    static func identifier(_ numbers: Int...) -> [UInt8] {
        var content = [UInt8(numbers[0] * 40 + numbers[1])]
        for number in numbers.dropFirst(2) {
            var digits = [UInt8(number & 0x7F)]
            var rest = number >> 7
            while rest > 0 {
                digits.insert(UInt8(rest & 0x7F) | 0x80, at: 0)
                rest >>= 7
            }
            content += digits
        }
        return value(0x06, content)
    }
}
