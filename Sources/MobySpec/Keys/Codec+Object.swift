internal import Extents

extension Codec {
    /// A mapping whose keys a table knows.
    /// - Parameters:
    ///   - noun: what messages call it together with its `name` or `path`; nil for parts that have no name of their
    ///     own.
    ///   - make: the value before its keys are read.
    static func object(
        _ table: KeyTable<Value>, noun: String? = nil, make: @escaping @Sendable (SourceLocation) -> Value
    ) -> Codec {
        object(table, noun: noun, make: make) { value, _, _ in
            value
        } from: {
            $0
        }
    }

    /// A mapping that is made into another type once all its keys are read.
    /// - Parameter finish: nil when the whole makes no sense; the reading has the fault then.
    static func object<Draft>(
        _ table: KeyTable<Draft>, noun: String? = nil, make: @escaping @Sendable (SourceLocation) -> Draft,
        finish: @escaping @Sendable (Draft, Node, inout Reading) -> Value?, from: @escaping @Sendable (Value) -> Draft
    ) -> Codec {
        let read: @Sendable (Node, inout Reading) -> Value? = { node, reading in
            table.read(node, into: make(node.location), &reading).flatMap { finish($0, node, &reading) }
        }
        return Codec(.object(table.description)) { node, reading in
            guard let noun, let name = node.scalar("name") ?? node.scalar("path"), !name.text.isEmpty else {
                return read(node, &reading)
            }
            reading.declare(noun, name.text)
            return reading.within(.entry("\(noun) '\(PlainText.short(name.text))'")) { read(node, &$0) }
        } write: {
            table.write(from($0))
        }
    }
}
