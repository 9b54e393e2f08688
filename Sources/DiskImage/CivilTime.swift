internal import Glibc

/// A point in time as a date of the Gregorian calendar in UTC.
struct CivilTime: Equatable {
    let year: Int
    /// From 1.
    let month: Int
    /// From 1.
    let day: Int
    let hour: Int
    let minute: Int
    let second: Int

    /// - Parameter seconds: since 1970; within some million years of it.
    init(seconds: Int64) {
        var (time, parts) = (time_t(seconds), tm())
        gmtime_r(&time, &parts)
        (year, month, day) = (Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1, Int(parts.tm_mday))
        (hour, minute, second) = (Int(parts.tm_hour), Int(parts.tm_min), Int(parts.tm_sec))
    }

    /// Days since 1970 of a date; the inverse of ``init(seconds:)``.
    static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (Int32(year - 1900), Int32(month - 1), Int32(day))
        return Int64(timegm(&parts)) / 86_400
    }
}
