internal import Extents

/// Google's rules for names, applied before anything is sent.
public enum GCPNames {
    /// Images, instances, disks (RFC 1035 label).
    /// - Parameter option: the option that sets the name, for the hint.
    public static func resource(_ name: String, _ what: String, option: String) throws(RunError) {
        guard isLabel(name) else {
            throw RunError(
                "'\(PlainText.short(name))' is not a valid Compute Engine \(what) name",
                hint: "\(labels); choose one with \(option)"
            )
        }
    }

    /// A project's id, perhaps with a domain: `example.com:web`.
    public static func project(_ id: String) throws(RunError) {
        guard isProject(id) else {
            throw RunError(
                "'\(PlainText.short(id))' is not a valid project ID",
                hint: "6 to 30 lower-case letters, digits and '-', as 'gcloud projects list' shows it under PROJECT_ID")
        }
    }

    /// `europe-west1-d`.
    static func zone(_ name: String) throws(RunError) {
        let parts = name.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 3, isLabel(name), parts.last?.count == 1 else {
            throw RunError(
                "'\(PlainText.short(name))' is not a valid zone",
                hint: "zones look like europe-west1-d; 'gcloud compute zones list' lists them")
        }
    }

    /// `europe-west1` for `europe-west1-d`.
    static func region(of zone: String) -> String { zone.split(separator: "-").dropLast().joined(separator: "-") }

    /// `g1-small`, `n2-custom-4-8192-ext`.
    static func machineType(_ name: String) throws(RunError) {
        guard isLabel(name) else {
            throw RunError(
                "'\(PlainText.short(name))' is not a valid machine type",
                hint: "write it without the zone, such as g1-small; 'gcloud compute machine-types list' lists them"
            )
        }
    }

    /// 3 to 63 lower-case letters, digits, '-', '_', and '.' between parts; not an IP address, without Google's name
    /// ("Bucket names").
    public static func bucket(_ name: String) throws(RunError) {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        let edges = [name.first, name.last].allSatisfy { $0.map { $0.isASCIILowercase || $0.isASCIIDigit } ?? false }
        guard (3...(parts.count > 1 ? 222 : 63)).contains(name.count), edges,
            parts.allSatisfy({ (1...63).contains($0.count) }),
            name.allSatisfy({ $0.isASCIILowercase || $0.isASCIIDigit || "-_.".contains($0) })
        else {
            throw RunError(
                "'\(PlainText.short(name))' is not a valid bucket name",
                hint: "3 to 63 lower-case letters, digits, '-' and '_', a letter or digit first and last; without gs://"
            )
        }
        guard parts.count != 4 || !parts.allSatisfy({ UInt8($0) != nil }) else {
            throw RunError("'\(name)' is not a valid bucket name: it is an IP address", hint: "choose another name")
        }
        guard !name.hasPrefix("goog"), !name.contains("google"), !name.contains("g00gle") else {
            throw RunError(
                "'\(name)' is not a valid bucket name: it starts with 'goog' or contains 'google'",
                hint: "choose another name")
        }
    }

    /// `http-server` (RFC 1035 label).
    static func tag(_ name: String) throws(RunError) {
        guard isLabel(name) else {
            throw RunError("'\(PlainText.short(name))' is not a valid network tag", hint: labels)
        }
    }

    /// The path of a network: a name in the machine's project, or a path, also in another project (shared VPC).
    static func network(_ text: String) throws(RunError) -> String {
        let words = words(of: text)
        if words.count == 1, isLabel(text) { return "global/networks/\(text)" }
        let rest = withoutProject(words)
        guard rest.count == 3, rest[0] == "global", rest[1] == "networks", isLabel(rest[2]) else {
            throw RunError(
                "'\(PlainText.short(text))' is not a valid network",
                hint: "expected a name (\(labels)) or projects/PROJECT/global/networks/NAME")
        }
        return words.joined(separator: "/")
    }

    /// The path of a subnetwork in the zone's region: a name in the machine's project, or a path.
    static func subnetwork(_ text: String, project: String, zone: String) throws(RunError) -> String {
        let words = words(of: text)
        let region = region(of: zone)
        if words.count == 1, isLabel(text) { return "projects/\(project)/regions/\(region)/subnetworks/\(text)" }
        let rest = withoutProject(words)
        guard rest.count == 4, rest[0] == "regions", isLabel(rest[1]), rest[2] == "subnetworks", isLabel(rest[3]) else {
            throw RunError(
                "'\(PlainText.short(text))' is not a valid subnetwork",
                hint: "expected a name (\(labels)) or projects/PROJECT/regions/\(region)/subnetworks/NAME")
        }
        guard rest[1] == region else {
            throw RunError(
                "subnetwork '\(text)' is in \(rest[1]), but the zone '\(zone)' is in \(region)",
                hint: "choose a subnetwork of \(region), or another --zone")
        }
        return words.joined(separator: "/")
    }

    /// A path, possibly as a URL of the API: `https://www.googleapis.com/compute/v1/projects/…`.
    private static func words(of text: String) -> [String] {
        let words = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard words.first == "https:", let start = words.firstIndex(of: "projects") else { return words }
        return Array(words[start...])
    }

    /// The path after `projects/PROJECT`; empty when PROJECT is not valid.
    private static func withoutProject(_ words: [String]) -> [String] {
        guard words.count > 1, words[0] == "projects" else { return words }
        return isProject(words[1]) ? Array(words.dropFirst(2)) : []
    }

    private static let labels = "at most 63 lower-case letters, digits and '-', a letter first, no '-' last"

    private static func isProject(_ id: String) -> Bool {
        let parts = id.split(separator: ":", omittingEmptySubsequences: false)
        guard let last = parts.last, parts.count <= 2, !parts.contains("") else { return false }
        return (6...30).contains(last.count) && isLabel(String(last))
    }

    private static func isLabel(_ name: String) -> Bool {
        guard (1...63).contains(name.count), let first = name.first, first.isASCIILowercase, name.last != "-" else {
            return false
        }
        return name.utf8.allSatisfy { $0.isASCIILowercase || $0.isASCIIDigit || $0 == UInt8(ascii: "-") }
    }
}
