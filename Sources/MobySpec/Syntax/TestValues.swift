internal import Extents

/// Times, sizes and patterns as test files have them.
enum TestText {
    /// `30`, `1.5s`, `300ms`, `5m`, `2h`; digits alone are seconds.
    static func time(_ text: String) throws(SyntaxError) -> Duration {
        let (number, unit) = split(text)
        let factors = ["": 1000.0, "s": 1000, "ms": 1, "m": 60_000, "h": 3_600_000]
        guard let number, let factor = factors[unit], number > 0, number * factor <= 1e11 else {
            throw SyntaxError(
                "is '\(PlainText.short(text))', expected a time", hint: "write a number with ms, s, m or h: 30s, 5m")
        }
        return .milliseconds(Int64((number * factor).rounded(.up)))
    }

    /// `64k`, `30M`, `1.5G` in powers of 1000, as sizes are printed; `30Mi` in powers of 1024.
    static func bytes(_ text: String) throws(SyntaxError) -> UInt64 {
        let (number, suffix) = split(text)
        var unit = suffix.lowercased()[...]
        if unit.count > 1, unit.hasSuffix("b") { unit = unit.dropLast() }
        let isBinary = unit.count == 2 && unit.hasSuffix("i")
        let power = ["": 0, "b": 0, "k": 1, "m": 2, "g": 3, "t": 4][isBinary ? unit.dropLast() : unit]
        guard let number, let power, number > 0 else { throw bad(size: text) }
        let bytes = (0..<power).reduce(number) { size, _ in size * (isBinary ? 1024 : 1000) }
        guard bytes >= 1, bytes < 1e18 else { throw bad(size: text) }
        return UInt64(bytes)
    }

    private static func bad(size text: String) -> SyntaxError {
        SyntaxError("is '\(PlainText.short(text))', expected a size", hint: "write a number with k, M or G: 30M")
    }

    /// Memory and disks as `--mem` has them: `512`, `512M`, `2G`, in powers of 1024.
    static func mebibytes(_ text: String) throws(SyntaxError) -> Int {
        let (number, suffix) = split(text)
        let factor = ["": 1.0, "m": 1, "mb": 1, "mib": 1, "g": 1024, "gb": 1024, "gib": 1024][suffix.lowercased()]
        guard let number, let factor, number * factor >= 1, number * factor < 1e9,
            number * factor == (number * factor).rounded()
        else {
            throw SyntaxError("is '\(PlainText.short(text))', expected whole MiB", hint: "write 512, 512M or 2G")
        }
        return Int(number * factor)
    }

    /// `<= 8s`, `8s`.
    static func budget(_ text: String, of metric: String) throws(SyntaxError) -> Budget.Limit {
        var rest = text.drop { $0 == " " }
        for sign in ["<=", "≤"] where rest.hasPrefix(sign) { rest = rest.dropFirst(sign.count).drop { $0 == " " } }
        guard let first = rest.utf8.first, first.isASCIIDigit else {
            throw SyntaxError(
                "is '\(PlainText.short(text))', expected an upper bound",
                hint: Budget.times.contains(metric) ? "write \"<= 8s\"" : "write \"<= 200M\"")
        }
        if Budget.times.contains(metric) { return .time(try time(String(rest))) }
        // Other modules know the names of formats: an unknown name is reported before its value.
        if !Budget.sizes.contains(metric), rest.hasSuffix("s"), let time = try? time(String(rest)) {
            return .time(time)
        }
        return .bytes(try bytes(String(rest)))
    }

    static func check(pattern: String) -> SyntaxError? {
        guard !pattern.isEmpty else { return SyntaxError("is empty, expected a regular expression") }
        do { _ = try Regex(pattern) } catch {
            return SyntaxError(
                "is '\(PlainText.short(pattern))', which is not a regular expression",
                hint: PlainText.line("\(error)"))
        }
        return nil
    }

    private static func split(_ text: String) -> (number: Double?, unit: String) {
        let digits = text.prefix { ("0"..."9").contains($0) || $0 == "." }
        return (Double(digits), String(text.dropFirst(digits.count).drop { $0 == " " }))
    }
}

extension Codec where Value == String {
    /// The name of a user, as adduser(8) accepts it and programs take it as an argument.
    static var userName: Codec {
        string.checked { name in
            let letters = name.utf8.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || "._-".utf8.contains($0) }
            return letters && !name.isEmpty && !name.hasPrefix("-")
                ? nil : SyntaxError("is '\(PlainText.short(name))', which is not a valid user name")
        }.shaped(.string(pattern: "^[A-Za-z0-9._][A-Za-z0-9._-]*$"))
    }
    static var pattern: Codec { text.checked { TestText.check(pattern: $0) } }
    static var urlPath: Codec {
        string.checked { path in
            let isGood = path.hasPrefix("/") && path.utf8.allSatisfy { (0x21...0x7E).contains($0) }
            return isGood
                ? nil
                : SyntaxError(
                    "is '\(PlainText.short(path))', expected the path of a URL",
                    hint: "it begins with '/' and has no spaces; write '%20' for one")
        }.shaped(.string(pattern: "^/[!-~]*$"))
    }
}

extension Codec where Value == Duration {
    static var time: Codec {
        Codec<String>.text.parsed(from: { "\(Int64(($0 / .milliseconds(1)).rounded()))ms" }, TestText.time)
    }
}

extension Codec where Value == UInt64 {
    static var size: Codec {
        Codec<String>.text.parsed(from: { "\($0)B" }, TestText.bytes)
    }
}

extension Codec where Value == Int {
    /// A size of whole MiB.
    static var mebibytes: Codec {
        Codec<String>.text.parsed(from: { "\($0)M" }, TestText.mebibytes)
    }
}

extension Codec where Value == UInt16 {
    static var port: Codec {
        Codec<Int64>.integer(1...65535).map(from: { Int64($0) }) { UInt16($0) }
    }
}

extension Codec {
    /// One item, or a list of them.
    static func oneOrMore<Item>(_ item: Codec<Item>) -> Codec where Value == [Item] {
        let list = list(item)
        return Codec(
            .either(item.shape, list.shape), write: { $0.count == 1 ? item.write($0[0]) : list.write($0) }
        ) { node, reading in
            if case .sequence = node.content { return list.read(node, &reading) }
            return item.read(node, &reading).map { [$0] }
        }
    }

    /// A mapping, or a scalar as shorthand for its most important key.
    static func short<Scalar>(
        _ scalar: Codec<Scalar>, as key: any (WritableKeyPath<Value, Scalar> & Sendable), of table: KeyTable<Value>,
        _ empty: @escaping @Sendable () -> Value
    ) -> Codec {
        let full = object(table) { _ in empty() }
        return Codec(.either(scalar.shape, full.shape), write: { full.write($0) }) { node, reading in
            guard case .scalar = node.content else { return full.read(node, &reading) }
            guard let read = scalar.read(node, &reading) else { return nil }
            var value = empty()
            value[keyPath: key] = read
            return value
        }
    }
}
