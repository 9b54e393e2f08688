internal import Extents
internal import Glibc

/// Sizes as they are written on the command line.
public enum MemorySize {
    /// Reads `512`, `512M` or `2G`.
    /// - Parameters:
    ///   - text: digits, and at most one unit: `K`, `M`, `G` or `T` of either case, with an optional `B` or `iB`.
    ///   - unit: what digits alone mean.
    /// - Returns: the size in MiB; whole MiB only.
    /// - Throws: ``RunError`` that names `option`.
    public static func mebibytes(_ text: String, unit: Unit, option: String) throws -> Int {
        let digits = text.prefix(while: \.isASCIIDigit)
        let suffix = text.dropFirst(digits.count).lowercased()
        guard let number = Int(digits), number > 0, number < 1 << 40 else { throw bad(text, unit, option) }
        switch suffix {
        case "": return number * unit.rawValue
        case "m", "mb", "mib": return number
        case "g", "gb", "gib": return number * 1024
        case "t", "tb", "tib": return number * 1024 * 1024
        case "k" where number % 1024 == 0: return number / 1024
        default: throw bad(text, unit, option)
        }
    }

    /// What digits without a letter mean, in MiB.
    public enum Unit: Int, Sendable {
        case mebibytes = 1
        case gibibytes = 1024
    }

    private static func bad(_ text: String, _ unit: Unit, _ option: String) -> RunError {
        let plain = unit == .mebibytes ? "MiB" : "GiB"
        return RunError(
            "\(option): '\(text)' is not a size",
            hint: "write a number of \(plain), or a number with M or G, such as 512M or 2G")
    }
}
