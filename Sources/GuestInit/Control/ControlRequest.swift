/// A request of the `service` command to PID 1: one line, words separated by tabs.
enum ControlRequest: Equatable {
    case list
    case status(String)
    /// How long each part of the boot took.
    case boot
    case start(String)
    case stop(String)
    case restart(String)
    case logs(String, isFollowing: Bool)
    case shutdown(ShutdownKind)

    init?(line: String) {
        let words = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        switch (words.first ?? "", words.count) {
        case ("list", 1): self = .list
        case ("status", 2): self = .status(words[1])
        case ("boot", 1): self = .boot
        case ("start", 2): self = .start(words[1])
        case ("stop", 2): self = .stop(words[1])
        case ("restart", 2): self = .restart(words[1])
        case ("logs", 2): self = .logs(words[1], isFollowing: false)
        case ("follow", 2): self = .logs(words[1], isFollowing: true)
        case ("shutdown", 2):
            guard let kind = ShutdownKind(rawValue: words[1]) else { return nil }
            self = .shutdown(kind)
        default: return nil
        }
    }

    var line: String {
        switch self {
        case .list: "list"
        case .status(let name): "status\t" + name
        case .boot: "boot"
        case .start(let name): "start\t" + name
        case .stop(let name): "stop\t" + name
        case .restart(let name): "restart\t" + name
        case .logs(let name, let isFollowing): (isFollowing ? "follow\t" : "logs\t") + name
        case .shutdown(let kind): "shutdown\t" + kind.rawValue
        }
    }
}

/// Rows as aligned columns.
enum ServiceTable {
    static func text(_ rows: [[String]]) -> String {
        var widths: [Int] = []
        for row in rows {
            for (column, cell) in row.enumerated() {
                if column == widths.count { widths.append(0) }
                widths[column] = max(widths[column], cell.count)
            }
        }
        return rows.map { row in
            row.enumerated().map { column, cell in
                column == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[column] - cell.count + 2)
            }.joined() + "\n"
        }.joined()
    }
}
