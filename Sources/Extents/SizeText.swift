/// Numbers of bytes for people.
public enum SizeText {
    /// `12.3 MB`, in powers of ten as disks and networks are sold.
    public static func decimal(_ bytes: UInt64) -> String {
        let units = ["B", "kB", "MB", "GB", "TB"]
        var value = Double(bytes)
        var unit = 0
        while value >= 1000, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        return unit == 0 ? "\(bytes) B" : "\(decimals(value, value < 10 ? 2 : 1)) \(units[unit])"
    }

    /// `8 MiB` when it is whole, else `12.3 MB (12345678 bytes)`; small numbers as they are.
    public static func exact(_ bytes: UInt64) -> String {
        let units: [(UInt64, String)] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")]
        for (unit, name) in units where bytes >= unit && bytes % unit == 0 { return "\(bytes / unit) \(name)" }
        if bytes == 1 { return "1 byte" }
        return bytes < 10_000 ? "\(bytes) bytes" : "\(decimal(bytes)) (\(bytes) bytes)"
    }

    /// A number that is not negative, rounded to so many digits behind the point.
    public static func decimals(_ value: Double, _ digits: Int) -> String {
        let scale = (0..<digits).reduce(1.0) { factor, _ in factor * 10 }
        let whole = UInt64((value * scale).rounded())
        let fraction = String(whole % UInt64(scale))
        let zeros = String(repeating: "0", count: digits - fraction.count)
        return "\(whole / UInt64(scale)).\(zeros)\(fraction)"
    }
}
