extension FAT {
    /// Date and time of a directory entry: years from 1980 in local time, of which UTC is taken; 2 seconds are the unit (section 6.1).
    struct TimeStamp {
        let date: UInt16
        let time: UInt16

        init(seconds: UInt64) {
            // 1980-01-01 up to 2107-12-31 23:59:58.
            let seconds = min(max(seconds, 315_532_800), 4_354_819_198)
            let (days, rest) = (Int(seconds / 86_400), Int(seconds % 86_400))
            // The civil date of a day number, with years that start in March.
            let shifted = days + 719_468
            let era = shifted / 146_097
            let dayOfEra = shifted % 146_097
            let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
            let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
            let shiftedMonth = (5 * dayOfYear + 2) / 153
            let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
            let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
            let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
            date = UInt16((year - 1980) << 9 | month << 5 | day)
            time = UInt16((rest / 3600) << 11 | (rest / 60 % 60) << 5 | rest % 60 / 2)
        }
    }
}
