internal import Glibc
internal import GuestSystem
internal import JSON

/// Google Compute Engine's metadata server: `/computeMetadata/v1/`. Requests and answers have to name its flavor.
struct GoogleMetadata {
    private static let flavor = (name: "Metadata-Flavor", value: "Google")
    private static let base = "/computeMetadata/v1/"

    let server: MetadataServer

    static let client = HTTPClient(
        addresses: NetworkAddress.list("169.254.169.254", "fd20:ce::254"),
        headers: [("Host", "metadata.google.internal"), flavor])

    func probe() -> ProviderResult {
        ProviderResult(of: "GCP") { finding throws(MetadataError) in
            finding.hostname = try text("instance/hostname")
            fill(&finding)
        }
    }

    private func fill(_ finding: inout Finding) {
        do throws(MetadataError) {
            finding.keys = GoogleKeys.lines(try keys(), now: UTCTime.text(of: Int64(time(nil))))
            finding.userData = try value("instance/attributes/user-data")
            if finding.userData == nil { finding.userData = try value("instance/attributes/userdata") }
        } catch {
            finding.errors.append(error)
        }
    }

    /// The instance's keys, and the project's unless the instance blocks them.
    private func keys() throws(MetadataError) -> String {
        let own = try text("instance/attributes/ssh-keys") ?? ""
        // The name until 2017; keys of the instance under it replace those of the project.
        let old = try text("instance/attributes/sshKeys")
        let blocked = try text("instance/attributes/block-project-ssh-keys")?.lowercased() == "true"
        if blocked || old != nil { return "\(own)\n\(old ?? "")" }
        return
            "\(own)\n\(try text("project/attributes/ssh-keys") ?? "")\n\(try text("project/attributes/sshKeys") ?? "")"
    }

    private func text(_ path: String) throws(MetadataError) -> String? {
        try value(path).map { String(decoding: $0, as: UTF8.self) }
    }

    /// A value; nil when the server has none.
    private func value(_ path: String) throws(MetadataError) -> [UInt8]? {
        let answer = try server.answer(MetadataRequest(path: Self.base + path))
        guard answer.headers["metadata-flavor"] == Self.flavor.value else {
            throw MetadataError("not Google's metadata server")
        }
        switch answer.status {
        case 200: return answer.body
        case 404: return nil
        default: throw MetadataError("'\(path)': status \(answer.status), expected 200 or 404")
        }
    }
}

/// The value `ssh-keys`: lines of `USER:KEY`. A key may end in `google-ssh {"userName": …, "expireOn":
/// "2030-01-31T12:00:00+0000"}`.
enum GoogleKeys {
    /// Lines for `authorized_keys`, without users, each key once, without expired ones.
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
        guard let colon = line.firstIndex(of: ":"), !line[..<colon].contains(where: { $0 == " " || $0 == "\"" }) else {
            return line
        }
        return Text.trimmed(line[line.index(after: colon)...])
    }

    /// A key with an unreadable time counts as expired.
    private static func hasExpired(_ key: String, now: String) -> Bool {
        guard let mark = key.bounds(of: "google-ssh ") else { return false }
        guard let facts = try? JSONValue(parsing: Array(key[mark.upperBound...].utf8)) else { return true }
        guard let time = facts["expireOn"], time != .null else { return false }
        guard let text = time.string, let end = UTCTime(parsing: text) else { return true }
        return end.text <= now
    }
}
