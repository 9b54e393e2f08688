/// How a value is read from a node and written back.
struct Codec<Value: Sendable>: Sendable {
    let shape: Shape
    /// nil when the node is no such value; the reading has the fault then.
    let read: @Sendable (Node, inout Reading) -> Value?
    let write: @Sendable (Value) -> JSONValue

    init(
        _ shape: Shape, read: @escaping @Sendable (Node, inout Reading) -> Value?,
        write: @escaping @Sendable (Value) -> JSONValue
    ) {
        self.shape = shape
        self.read = read
        self.write = write
    }

    /// The same values, of which a rule turns some down.
    func checked(_ rule: @escaping @Sendable (Value) -> SyntaxFault?) -> Codec {
        Codec(shape) { node, reading in
            guard let value = read(node, &reading) else { return nil }
            guard let fault = rule(value) else { return value }
            reading.fault(at: node.location, "\(reading.subject) \(fault.message)", hint: fault.hint)
            return nil
        } write: {
            write($0)
        }
    }

    /// The same values, of which a rule puts some right and says why.
    func mended(_ rule: @escaping @Sendable (Value) -> (value: Value, reason: SyntaxFault)?) -> Codec {
        Codec(shape) { node, reading in
            guard let value = read(node, &reading) else { return nil }
            guard let (mended, reason) = rule(value) else { return value }
            reading.warn(at: node.location, "\(reading.subject) \(reason.message)", hint: reason.hint)
            return mended
        } write: {
            write($0)
        }
    }

    func shaped(_ shape: Shape) -> Codec { Codec(shape, read: read, write: write) }

    /// The value with its place.
    var located: Codec<Located<Value>> {
        Codec<Located<Value>>(shape) { node, reading in
            read(node, &reading).map { Located($0, at: node.location) }
        } write: {
            write($0.value)
        }
    }

    /// The value as the JSON that ``write`` makes of it.
    var json: Codec<JSONValue> {
        Codec<JSONValue>(shape) { node, reading in
            read(node, &reading).map(write)
        } write: {
            $0
        }
    }

    func map<Other>(_ to: @escaping @Sendable (Value) -> Other, from: @escaping @Sendable (Other) -> Value) -> Codec<
        Other
    > {
        Codec<Other>(shape) { node, reading in
            read(node, &reading).map(to)
        } write: {
            write(from($0))
        }
    }
}
