internal import BootLayout
internal import Glibc

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
/// As in 2017, a text stands for a file of mode 0644, and an object without `content` and `entries` for a folder of what it holds.
struct ConfigTree: Equatable {
    private(set) var entries: [ConfigEntry] = []
    /// What is left out, and why.
    private(set) var faults: [MetadataError] = []
    private var count = 0

    /// More are left out: each costs the machine memory.
    static let mostEntries = 10_000

    /// Nil when `userData` do not begin as a JSON object does: then they are for somebody else.
    init?(_ userData: [UInt8]) {
        guard let first = userData.first(where: { ![0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF].contains($0) }), first == UInt8(ascii: "{")
        else {
            return nil
        }
        do {
            entries = list(try JSON(parsing: userData).members ?? [], in: "")
        } catch {
            faults.append(MetadataError("user data begin as JSON and are none: \(error); they are kept whole in 'userdata'"))
        }
    }

    private mutating func list(_ members: [JSON.Member], in folder: String) -> [ConfigEntry] {
        var entries: [ConfigEntry] = []
        for member in members {
            count += 1
            guard count <= Self.mostEntries else {
                if count == Self.mostEntries + 1 { faults.append(MetadataError("user data have more than \(Self.mostEntries) entries")) }
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

    private mutating func entry(_ member: JSON.Member, in folder: String) throws(MetadataError) -> ConfigEntry {
        let path = folder + String(member.name.prefix(80))
        guard Folder.isName(member.name) else { throw MetadataError("user data: '\(path)', expected a single file name") }
        if let text = member.value.string { return ConfigEntry(name: member.name, content: .file(text), mode: 0o644) }
        guard let members = member.value.members else { throw MetadataError("user data: '\(path)', expected an object or a text") }
        let (content, entries) = (member.value["content"], member.value["entries"])
        switch (content?.string, entries?.members) {
        case (let text?, nil) where entries == nil:
            return ConfigEntry(name: member.name, content: .file(text), mode: try Self.mode(member.value, 0o644, path))
        case (nil, let members?) where content == nil:
            return ConfigEntry(
                name: member.name, content: .folder(list(members, in: path + "/")), mode: try Self.mode(member.value, 0o755, path))
        case (nil, nil) where content == nil && entries == nil && member.value["perm"]?.string == nil:
            return ConfigEntry(name: member.name, content: .folder(list(members, in: path + "/")), mode: 0o755)
        default:
            throw MetadataError("user data: '\(path)', expected either 'content', a text, or 'entries', an object")
        }
    }

    private static func mode(_ value: JSON, _ standard: mode_t, _ path: String) throws(MetadataError) -> mode_t {
        guard let perm = value["perm"], perm != .null else { return standard }
        guard let text = perm.string, let mode = mode_t(text, radix: 8), mode <= 0o777, text.utf8.first != UInt8(ascii: "+") else {
            throw MetadataError("user data: 'perm' of '\(path)', expected a text of octal digits, 0777 at most")
        }
        return mode
    }
}
