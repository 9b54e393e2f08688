internal import Extents

/// Limits of time as they are written on the command line.
public enum TimeLimit {
    /// Reads `300`, `300s`, `5m` or `2h`.
    /// - Throws: ``RunError`` that names `option`.
    public static func parse(_ text: String, option: String) throws -> Duration {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let units = ["": 1, "s": 1, "m": 60, "h": 3600]
        guard let number = Int64(digits), let unit = units[String(text.dropFirst(digits.count))],
            (1...1_000_000_000).contains(number)
        else {
            throw RunError(
                "\(option): '\(PlainText.short(text))' is not a time",
                hint: "write a number of seconds, or a number with m or h, such as 300 or 5m")
        }
        return .seconds(number * Int64(unit))
    }
}
