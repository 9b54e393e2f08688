internal import Extents

/// What apt's programs write to standard error, in the words of their C locale.
enum AptMessages {
    /// The errors and warnings, else the last lines, fit for a message.
    static func lines(_ output: String) -> [String] {
        let all = output.split(whereSeparator: \.isNewline)
        let marked = all.filter { $0.hasPrefix("E: ") }
        let chosen = marked.isEmpty ? all.suffix(5) : marked.prefix(10)
        return chosen.map { PlainText.line($0.hasPrefix("E: ") ? $0.dropFirst(3) : $0) }
    }

    /// The lock that another process holds, and what apt says of that process.
    static func heldLock(_ output: String) -> (path: String, holder: String?)? {
        guard
            let match = output.firstMatch(
                of: /Could not get lock (\S+?)\.? (?:-|It is held by (process \d+ \([^)]*\)))/)
        else {
            return nil
        }
        return (PlainText.short(match.1), match.2.map { PlainText.short($0) })
    }

    /// Why a package that was asked for cannot be had.
    enum Fault: Equatable {
        case unknown(String)
        case notOffered(String)
        case noVersion(String, of: String)
    }

    static func faults(_ output: String) -> [Fault] {
        output.split(whereSeparator: \.isNewline).compactMap { line in
            if let match = line.wholeMatch(of: /E: Unable to locate package (\S+)/) { return .unknown(String(match.1)) }
            if let match = line.wholeMatch(of: /E: Package '?([^' ]+)'? has no installation candidate/) {
                return .notOffered(String(match.1))
            }
            if let match = line.wholeMatch(of: /E: (?:Version|Release) '([^']+)' for '([^']+)' was not found/) {
                return .noVersion(String(match.1), of: String(match.2))
            }
            return nil
        }
    }
}
