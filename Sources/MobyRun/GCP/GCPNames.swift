/// Google's rules for names, applied before anything is sent.
enum GCPNames {
    /// Images, instances, disks (RFC 1035 label).
    static func resource(_ name: String, _ what: String, option: String) throws {
        guard isLabel(name) else {
            throw RunError(
                "\(what) '\(name)' is no name for Compute Engine",
                hint: "at most 63 lower-case letters, digits and '-', a letter first, no '-' last; choose one with \(option)")
        }
    }

    /// A project's id, perhaps with a domain: `example.com:web`.
    static func project(_ id: String) throws {
        let last = id.split(separator: ":", omittingEmptySubsequences: false).last.map(String.init) ?? ""
        guard (6...30).contains(last.count), isLabel(last), id.split(separator: ":").count <= 2 else {
            throw RunError(
                "'\(id)' is no project id",
                hint: "6 to 30 lower-case letters, digits and '-', as 'gcloud projects list' shows it under PROJECT_ID")
        }
    }

    /// `europe-west1-d`.
    static func zone(_ name: String) throws {
        let parts = name.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 3, isLabel(name), parts.last?.count == 1 else {
            throw RunError("'\(name)' is no zone", hint: "a zone is named like europe-west1-d; 'gcloud compute zones list' lists them")
        }
    }

    /// 3 to 63 lower-case letters, digits, '-', '_', and '.' between parts ("Bucket names").
    static func bucket(_ name: String) throws {
        let edges = [name.first, name.last].allSatisfy { $0.map { isLower($0) || isDigit($0) } ?? false }
        let longest = name.contains(".") ? 222 : 63
        guard (3...longest).contains(name.count), edges, name.allSatisfy({ isLower($0) || isDigit($0) || "-_.".contains($0) }),
            !name.contains(".."), !name.hasPrefix("goog")
        else {
            throw RunError("'\(name)' is no bucket's name", hint: "3 to 63 lower-case letters, digits, '-' and '_'; without gs://")
        }
    }

    private static func isLabel(_ name: String) -> Bool {
        guard (1...63).contains(name.count), let first = name.first, isLower(first), name.last != "-" else { return false }
        return name.allSatisfy { isLower($0) || isDigit($0) || $0 == "-" }
    }

    private static func isLower(_ character: Character) -> Bool { ("a"..."z").contains(character) }
    private static func isDigit(_ character: Character) -> Bool { ("0"..."9").contains(character) }
}
