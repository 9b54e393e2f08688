internal import Glibc

/// Puts a finding into `/run/config`:
///
/// ```
/// provider             who said it
/// hostname
/// ssh/authorized_keys  mode 0600
/// userdata             as it came
/// …                    the files that the user data ask for
/// ```
struct ConfigWriter: ~Copyable {
    private let root: Folder
    /// What could not be written, or was not understood.
    var faults: [MetadataError] = []

    /// - Parameter folder: made when it is not there, like the one it lies in.
    init(folder: String) throws(MetadataError) {
        guard mkdir(folder, 0o755) == 0 || errno == EEXIST else { throw MetadataError("make folder", folder) }
        root = try Folder(folder)
    }

    /// - Returns: the name that the machine is to have.
    mutating func write(_ finding: Finding) -> String? {
        attempt { root throws(MetadataError) in try root.write(Array("\(finding.provider)\n".utf8), to: "provider") }
        if !finding.keys.isEmpty { write(keys: finding.keys) }
        var hostname = finding.hostname
        if let userData = finding.userData {
            attempt { root throws(MetadataError) in try root.write(userData, to: "userdata") }
            if let tree = ConfigTree(userData) {
                faults += tree.faults
                faults += Self.write(tree.entries, into: root)
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
            faults.append(error)
            return nil
        }
    }

    private static func hostname(in tree: ConfigTree) -> String? {
        for entry in tree.entries where entry.name == "hostname" {
            if case .file(let text) = entry.content { return text }
        }
        return nil
    }

    private mutating func write(keys: [String]) {
        attempt { root throws(MetadataError) in
            let folder = try root.makeFolder("ssh")
            try folder.write(Array(keys.map { $0 + "\n" }.joined().utf8), to: "authorized_keys", mode: 0o600)
        }
    }

    private mutating func attempt(_ body: (borrowing Folder) throws(MetadataError) -> Void) {
        do throws(MetadataError) { try body(root) } catch { faults.append(error) }
    }

    /// - Returns: what could not be written.
    private static func write(_ entries: [ConfigEntry], into folder: borrowing Folder) -> [MetadataError] {
        var faults: [MetadataError] = []
        for entry in entries {
            do throws(MetadataError) {
                switch entry.content {
                case .file(let text): try folder.write(Array(text.utf8), to: entry.name, mode: entry.mode)
                case .folder(let entries):
                    let inner = try folder.makeFolder(entry.name)
                    faults += write(entries, into: inner)
                    // Last: a folder may be closed to its maker too.
                    try inner.setMode(entry.mode)
                }
            } catch {
                faults.append(error)
            }
        }
        return faults
    }
}
