internal import Extents

/// Columns of text for people, as wide as their widest cell.
struct TextTable {
    enum Alignment { case left, right }

    private let columns: [(title: String, alignment: Alignment)]
    private var rows: [[String]] = []

    init(_ columns: [(title: String, alignment: Alignment)]) { self.columns = columns }

    mutating func add(_ cells: [String]) { rows.append(cells) }

    /// A line for the titles and one for each row, without spaces at their ends.
    var lines: [String] {
        let all = [columns.map(\.title)] + rows
        let widths = columns.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { cells in
            let padded = columns.indices.map { column in
                let cell = cells[column]
                let space = String(repeating: " ", count: widths[column] - cell.count)
                return columns[column].alignment == .left ? cell + space : space + cell
            }
            let line = padded.joined(separator: "  ")
            return String(line.prefix(line.count - line.reversed().prefix { $0 == " " }.count))
        }
    }
}

/// How long ago something was, in the largest unit of which there is one: `3 min`, `2 days`.
enum AgeText {
    /// - Parameter seconds: negative ones, of a clock that was set back, count as none.
    static func age(_ seconds: Int64) -> String {
        let units: [(Int64, String, String)] = [
            (365 * 86400, "year", "years"), (30 * 86400, "month", "months"), (86400, "day", "days"), (3600, "h", "h"),
            (60, "min", "min"),
        ]
        for (length, one, many) in units where seconds >= length {
            let count = seconds / length
            return "\(SizeText.grouped(UInt64(count))) \(count == 1 ? one : many)"
        }
        return "\(max(0, seconds)) s"
    }
}
