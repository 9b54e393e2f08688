internal import CInit
internal import Glibc

/// Writes metadata to `/run/config`:
///
/// ```
/// provider             its source
/// hostname
/// ssh/authorized_keys  mode 0600
/// userdata             unchanged
/// public_ipv4, …       facts of the provider
/// credentials/NAME     mode 0600
/// …                    the files that the user data describe
/// ```
struct ConfigWriter: ~Copyable {
    private let root: Folder
    /// What could not be written or parsed.
    var errors: [MetadataError] = []

    /// - Parameter folder: created if missing.
    init(folder: String) throws(MetadataError) {
        guard mkdir(folder, 0o755) == 0 || errno == EEXIST else { throw MetadataError("creating", folder) }
        root = try Folder(folder)
    }

    /// - Returns: the machine's hostname.
    mutating func write(_ finding: Finding) -> String? {
        attempt { root throws(MetadataError) in try root.write(Array("\(finding.provider)\n".utf8), to: "provider") }
        if !finding.keys.isEmpty { write(keys: finding.keys) }
        var hostname = finding.hostname
        for fact in finding.facts {
            attempt { root throws(MetadataError) in try root.write(fact.bytes, to: fact.name) }
        }
        if !finding.credentials.isEmpty { write(finding.credentials) }
        if let userData = finding.userData {
            attempt { root throws(MetadataError) in try root.write(userData, to: "userdata") }
            if let tree = ConfigTree(expanded(userData)) {
                errors += tree.errors
                errors += Self.write(tree.entries, into: root)
                hostname = hostname ?? Self.hostname(in: tree)
            }
        }
        return checked(hostname: hostname)
    }

    private mutating func checked(hostname: String?) -> String? {
        guard let hostname else { return nil }
        do throws(MetadataError) {
            let name = try Hostname.checked(hostname)
            try root.write(Array("\(name)\n".utf8), to: "hostname")
            return name
        } catch {
            errors.append(error)
            return nil
        }
    }

    private static func hostname(in tree: ConfigTree) -> String? {
        for entry in tree.entries where entry.name == "hostname" {
            if case .file(let text) = entry.content { return text }
        }
        return nil
    }

    private mutating func expanded(_ userData: [UInt8]) -> [UInt8] {
        do throws(MetadataError) {
            return try Gzip.expanded(userData, of: "user data")
        } catch {
            errors.append(error)
            return userData
        }
    }

    private mutating func write(_ credentials: [FirmwareCredential]) {
        attempt { root throws(MetadataError) in
            let folder = try root.makeFolder("credentials")
            try folder.setMode(0o700)
            for credential in credentials { try folder.write(credential.bytes, to: credential.name, mode: 0o600) }
        }
    }

    private mutating func write(keys: [String]) {
        attempt { root throws(MetadataError) in
            let folder = try root.makeFolder("ssh")
            try folder.write(Array(keys.map { $0 + "\n" }.joined().utf8), to: "authorized_keys", mode: 0o600)
        }
    }

    private mutating func attempt(_ body: (borrowing Folder) throws(MetadataError) -> Void) {
        do throws(MetadataError) { try body(root) } catch { errors.append(error) }
    }

    /// - Returns: what could not be written.
    private static func write(_ entries: [ConfigEntry], into folder: borrowing Folder) -> [MetadataError] {
        var errors: [MetadataError] = []
        for entry in entries {
            do throws(MetadataError) {
                switch entry.content {
                case .file(let text): try folder.write(Array(text.utf8), to: entry.name, mode: entry.mode)
                case .folder(let entries):
                    let inner = try folder.makeFolder(entry.name)
                    errors += write(entries, into: inner)
                    // Last: the mode may exclude its owner.
                    try inner.setMode(entry.mode)
                }
            } catch {
                errors.append(error)
            }
        }
        return errors
    }
}

/// The machine's name.
enum Hostname {
    /// Linux's limit in bytes.
    static let longest = 64

    /// The name in `text`, without its domain when it is too long for Linux.
    static func checked(_ text: String) throws(MetadataError) -> String {
        let name = Text.trimmed(text)
        let isLegal = name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-._".contains($0)) }
        let label = name.prefix { $0 != "." }
        guard isLegal, !label.isEmpty, label.utf8.count <= longest else {
            throw MetadataError(
                "hostname '\(String(name.prefix(longest)))', expected letters, digits, '-' and '.', \(longest) bytes at most"
            )
        }
        return name.utf8.count > longest ? String(label) : name
    }

    static func set(_ name: String) throws(MetadataError) {
        let result = cinit_set_hostname(name)
        guard result == 0 else { throw MetadataError("setting hostname", name, number: -result) }
    }
}
