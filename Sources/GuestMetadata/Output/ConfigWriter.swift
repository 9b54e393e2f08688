internal import CInit
internal import Glibc
internal import JSON

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

/// A file or folder that user data ask for.
struct ConfigEntry: Equatable {
    enum Content: Equatable {
        case file(String)
        case folder([ConfigEntry])
    }

    var name: String
    var content: Content
    var mode: mode_t
}

/// User data as a tree of files.
///
/// ```
/// {"NAME": {"content": "TEXT", "perm": "0600"},
///  "NAME": {"perm": "0700", "entries": {"NAME": …}}}
/// ```
///
/// As in 2017, a text stands for a file of mode 0644, and an object without `content` and `entries` for a folder of
/// what it holds.
struct ConfigTree: Equatable {
    private(set) var entries: [ConfigEntry] = []
    /// What is left out, and why.
    private(set) var faults: [MetadataError] = []
    private var count = 0

    /// More are left out: each costs the machine memory.
    static let mostEntries = 10_000

    /// Nil when `userData` do not begin as a JSON object does: then they are for somebody else.
    init?(_ userData: [UInt8]) {
        guard let first = userData.first(where: { ![0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF].contains($0) }),
            first == UInt8(ascii: "{")
        else {
            return nil
        }
        do {
            entries = list(try JSONValue(parsing: userData).members ?? [], in: "")
        } catch {
            faults.append(
                MetadataError("user data begin as JSON and are none: \(error); they are kept whole in 'userdata'"))
        }
    }

    private mutating func list(_ members: [JSONValue.Member], in folder: String) -> [ConfigEntry] {
        var entries: [ConfigEntry] = []
        for member in members {
            count += 1
            guard count <= Self.mostEntries else {
                if count == Self.mostEntries + 1 {
                    faults.append(MetadataError("user data have more than \(Self.mostEntries) entries"))
                }
                return entries
            }
            do throws(MetadataError) {
                entries.append(try entry(member, in: folder))
            } catch {
                faults.append(error)
            }
        }
        return entries
    }

    private mutating func entry(_ member: JSONValue.Member, in folder: String) throws(MetadataError) -> ConfigEntry {
        let path = folder + String(member.key.prefix(80))
        guard Folder.isName(member.key) else {
            throw MetadataError("user data: '\(path)', expected a single file name")
        }
        if let text = member.value.string { return ConfigEntry(name: member.key, content: .file(text), mode: 0o644) }
        guard let members = member.value.members else {
            throw MetadataError("user data: '\(path)', expected an object or a text")
        }
        let (content, entries) = (member.value["content"], member.value["entries"])
        switch (content?.string, entries?.members) {
        case (let text?, nil) where entries == nil:
            return ConfigEntry(name: member.key, content: .file(text), mode: try Self.mode(member.value, 0o644, path))
        case (nil, let members?) where content == nil:
            return ConfigEntry(
                name: member.key, content: .folder(list(members, in: path + "/")),
                mode: try Self.mode(member.value, 0o755, path))
        case (nil, nil) where content == nil && entries == nil && member.value["perm"]?.string == nil:
            return ConfigEntry(name: member.key, content: .folder(list(members, in: path + "/")), mode: 0o755)
        default:
            throw MetadataError("user data: '\(path)', expected either 'content', a text, or 'entries', an object")
        }
    }

    private static func mode(_ value: JSONValue, _ standard: mode_t, _ path: String) throws(MetadataError) -> mode_t {
        guard let perm = value["perm"], perm != .null else { return standard }
        guard let text = perm.string, let mode = mode_t(text, radix: 8), mode <= 0o777,
            text.utf8.first != UInt8(ascii: "+")
        else {
            throw MetadataError("user data: 'perm' of '\(path)', expected a text of octal digits, 0777 at most")
        }
        return mode
    }
}

/// The machine's name.
enum Hostname {
    /// Linux takes no more bytes.
    static let longest = 64

    /// The name that `text` holds, without its domain when it is too long for Linux.
    static func checked(_ text: String) throws(MetadataError) -> String {
        let name = Text.trimmed(text)
        let isLegal = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): true
            default: false
            }
        }
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
        guard result == 0 else { throw MetadataError("set hostname", name, number: -result) }
    }
}
