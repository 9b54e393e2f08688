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
        let (days, rest) = seconds.quotientAndRemainderFlooring(by: 86_400)
        (hour, minute, second) = (Int(rest / 3600), Int(rest / 60 % 60), Int(rest % 60))
        // Years that start in March have their odd day at the end; 400 of them are an era of 146,097 days.
        let (era, dayOfEra) = (days + 719_468).quotientAndRemainderFlooring(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        day = Int(dayOfYear - (153 * shifted + 2) / 5 + 1)
        month = Int(shifted < 10 ? shifted + 3 : shifted - 9)
        year = Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0)
    }

    /// Days since 1970 of a date from the year 0 on; the inverse of ``init(seconds:)``.
    static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let year = year - (month <= 2 ? 1 : 0)
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        let (era, yearOfEra) = (year / 400, year % 400)
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

extension Int64 {
    fileprivate func quotientAndRemainderFlooring(by unit: Int64) -> (quotient: Int64, remainder: Int64) {
        let remainder = (self % unit + unit) % unit
        return ((self - remainder) / unit, remainder)
    }
}
