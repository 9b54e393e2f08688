internal import Extents
internal import JSON

/// Times of a spec: seconds, or a number with `ms`, `s`, `m` or `h`.
extension Codec where Value == Int {
    /// In milliseconds; 0 is allowed.
    static func milliseconds(upTo most: Int) -> Codec {
        let shape = Shape.either(
            .integer(0...Int64(most / 1000)), .string(pattern: "^[0-9]+(\\.[0-9]+)? *(ms|s|m|h)$"))
        return Codec<String>.text.parsed(from: { "\($0)ms" }) { text throws(SyntaxError) in
            let time = ["0", "0ms", "0s", "0m", "0h"].contains(text) ? Duration.zero : try TestText.time(text)
            let milliseconds = Int(time / .milliseconds(1))
            guard milliseconds <= most else {
                throw SyntaxError("is '\(PlainText.short(text))', expected at most \(most / 1000) s")
            }
            return milliseconds
        }.shaped(shape).writing { $0.isMultiple(of: 1000) ? .integer($0 / 1000) : .string("\($0)ms") }
    }

    /// In seconds, rounded up.
    static func seconds(upTo most: Int) -> Codec {
        milliseconds(upTo: most * 1000).map(from: { $0 * 1000 }) { ($0 + 999) / 1000 }
    }
}

extension Codec {
    /// The same, written in another form.
    fileprivate func writing(_ write: @escaping @Sendable (Value) -> JSONValue) -> Codec {
        Codec(shape, write: write, read: read)
    }
}
