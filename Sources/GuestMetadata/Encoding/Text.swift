internal import Glibc

/// Small texts without Foundation.
enum Text {
    /// Without white space around it.
    static func trimmed(_ text: some StringProtocol) -> String {
        let isSpace = { (scalar: Unicode.Scalar) in scalar.properties.isWhitespace || scalar == "\0" }
        let scalars = text.unicodeScalars
        guard let first = scalars.firstIndex(where: { !isSpace($0) }),
            let last = scalars.lastIndex(where: { !isSpace($0) })
        else {
            return ""
        }
        return String(text[first...last])
    }

    static func trimmed(_ bytes: some Sequence<UInt8>) -> String {
        trimmed(String(decoding: Array(bytes), as: UTF8.self))
    }

    /// Lines without white space around them, and without empty ones.
    static func lines(_ text: String) -> [String] {
        text.unicodeScalars.split { $0 == "\n" || $0 == "\r" }.map { trimmed(String($0)) }.filter { !$0.isEmpty }
    }
}

/// A time as `2030-01-31T12:00:00` in UTC: the texts compare like the times.
struct UTCTime: Equatable {
    let text: String

    /// Reads `2030-01-31T12:00:00` followed by nothing, `Z`, `+0000` or `+00:00`.
    init?(parsing whole: String) {
        let form = "0000-00-00T00:00:00"
        text = String(whole.prefix(form.count))
        guard text.count == form.count, ["", "Z", "+0000", "+00:00"].contains(whole.dropFirst(form.count)) else {
            return nil
        }
        for (character, form) in zip(text, form) {
            guard form == "0" ? character.isASCII && character.isNumber : character == form else { return nil }
        }
    }

    /// - Parameter seconds: since 1970.
    static func text(of seconds: Int64) -> String {
        var (moment, parts) = (time_t(seconds), tm())
        gmtime_r(&moment, &parts)
        let numbers = [parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec].map {
            ($0 < 10 ? "0" : "") + "\($0)"
        }
        return "\(parts.tm_year + 1900)-\(numbers[0])-\(numbers[1])T\(numbers[2]):\(numbers[3]):\(numbers[4])"
    }
}
