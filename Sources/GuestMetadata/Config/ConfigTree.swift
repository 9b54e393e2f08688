internal import CInit
internal import Glibc
internal import JSON

/// A file or folder that user data describe.
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
/// As in LinuxKit of 2017, a string is a file of mode 0644, and an object without `content` and `entries` is a folder
/// of its members.
struct ConfigTree: Equatable {
    private(set) var entries: [ConfigEntry] = []
    /// Why entries were skipped.
    private(set) var errors: [MetadataError] = []
    private var count = 0

    /// Further ones are skipped: each costs the machine memory.
    static let mostEntries = 10_000

    /// Nil when `userData` do not start like a JSON object: then they are for another program.
    init?(_ userData: [UInt8]) {
        guard let first = userData.first(where: { ![0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF].contains($0) }),
            first == UInt8(ascii: "{")
        else {
            return nil
        }
        do {
            entries = list(try JSONValue(parsing: userData).members ?? [], in: "")
        } catch {
            errors.append(
                MetadataError("user data: invalid JSON: \(error); see the file 'userdata'"))
        }
    }

    private mutating func list(_ members: [JSONValue.Member], in folder: String) -> [ConfigEntry] {
        var entries: [ConfigEntry] = []
        for member in members {
            count += 1
            guard count <= Self.mostEntries else {
                if count == Self.mostEntries + 1 {
                    errors.append(MetadataError("user data have more than \(Self.mostEntries) entries"))
                }
                return entries
            }
            do throws(MetadataError) {
                entries.append(try entry(member, in: folder))
            } catch {
                errors.append(error)
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
            throw MetadataError("user data: '\(path)', expected an object or a string")
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
            throw MetadataError("user data: '\(path)', expected either 'content', a string, or 'entries', an object")
        }
    }

    private static func mode(_ value: JSONValue, _ standard: mode_t, _ path: String) throws(MetadataError) -> mode_t {
        guard let perm = value["perm"], perm != .null else { return standard }
        guard let text = perm.string, let mode = mode_t(text, radix: 8), mode <= 0o777,
            text.utf8.first != UInt8(ascii: "+")
        else {
            throw MetadataError("user data: 'perm' of '\(path)', expected a string of octal digits, 0777 at most")
        }
        return mode
    }
}
