internal import BootLayout

/// The value `ssh-keys`: lines of `USER:KEY`. A key may end in `google-ssh {"userName": …, "expireOn": "2030-01-31T12:00:00+0000"}`.
enum GoogleKeys {
    /// Lines for `authorized_keys`, without the users, each key once, and without those whose time is over.
    /// - Parameter now: as ``UTCTime`` writes it.
    static func lines(_ text: String, now: String) -> [String] {
        var lines: [String] = []
        for line in Text.lines(text) {
            let key = withoutUser(line)
            guard !key.isEmpty, !key.hasPrefix("#"), !hasExpired(key, now: now), !lines.contains(key) else { continue }
            lines.append(key)
        }
        return lines
    }

    private static func withoutUser(_ line: String) -> String {
        guard let colon = line.firstIndex(of: ":"), !line[..<colon].contains(where: { $0 == " " || $0 == "\"" }) else { return line }
        return Text.trimmed(line[line.index(after: colon)...])
    }

    /// A key whose time cannot be read is taken for expired.
    private static func hasExpired(_ key: String, now: String) -> Bool {
        guard let mark = key.firstRange(of: "google-ssh ") else { return false }
        guard let facts = try? JSON(parsing: Array(key[mark.upperBound...].utf8)) else { return true }
        guard let time = facts["expireOn"], time != .null else { return false }
        guard let text = time.string, let end = UTCTime(parsing: text) else { return true }
        return end.text <= now
    }
}
