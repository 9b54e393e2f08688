internal import Extents
internal import FoundationEssentials
internal import Glibc
internal import JSON

/// A file with logins that is changed: its other keys, and their order, stay.
struct LoginFile {
    /// As the user knows it.
    let path: String
    private var members: [JSONValue.Member]

    /// - Throws: `RegistryCredentialError` for anything but JSON of this form; `FileError`, `UnfitFile`.
    init(path: String) throws {
        self.path = path
        let bytes = try HostFiles.readIfPresent(path, limit: 4 << 20) ?? []
        guard bytes.contains(where: { $0 > 0x20 }) else {
            members = []
            return
        }
        guard let root = try? JSONValue(parsing: bytes).members else { throw RegistryCredentialError(invalid: path) }
        if let list = root.first(where: { $0.key == Self.list }), list.value.members == nil {
            throw RegistryCredentialError(invalid: path)
        }
        members = root
    }

    private static let list = "auths"

    private var logins: [JSONValue.Member] {
        members.first { $0.key == Self.list }?.value.members ?? []
    }

    /// Adds a login in place of earlier ones for the host.
    /// - Parameter credential: nil when a helper has it; the entry says so.
    mutating func set(_ credential: RegistryCredential?, for host: RegistryHost) {
        let entry = (host.serverAddress, Self.entry(credential))
        let isOwn = Self.isOwn(host)
        var all = logins
        if let first = all.firstIndex(where: isOwn) { all[first] = entry } else { all.append(entry) }
        replace(all.filter { !isOwn($0) || $0.key == entry.0 })
    }

    /// Removes all logins for a host, but not those for repositories of it.
    /// - Returns: whether there was one.
    mutating func remove(_ host: RegistryHost) -> Bool {
        let isOwn = Self.isOwn(host)
        let all = logins
        guard all.contains(where: isOwn) else { return false }
        replace(all.filter { !isOwn($0) })
        return true
    }

    /// Writes the file, by rename, for its owner only. A link stays one.
    /// - Throws: `FileError`, `UnfitFile`.
    func write() throws {
        let target = HostFiles.absolute(path)
        let folder = PartialFiles.folder(of: target)
        try FolderTree.make(PartialFiles.folder(of: folder))
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else { throw FileError("create", folder) }
        let file = try PartialFile(target, mode: 0o600)
        try Array(text.utf8).withUnsafeBytes { try file.append($0) }
        try file.sync()
        try file.commit(to: target, permissions: 0o600)
    }

    /// With tabs, as Docker and Podman write it.
    private var text: String {
        let lines = JSONValue.object(members).text(indent: 1).split(separator: "\n", omittingEmptySubsequences: false)
        return lines.map { line in
            let level = line.prefix { $0 == " " }.count
            return String(repeating: "\t", count: level) + line.dropFirst(level)
        }.joined(separator: "\n") + "\n"
    }

    private mutating func replace(_ logins: [JSONValue.Member]) {
        let value = (Self.list, JSONValue.object(logins))
        if let index = members.firstIndex(where: { $0.key == Self.list }) {
            members[index] = value
        } else {
            members.append(value)
        }
    }

    private static func isOwn(_ host: RegistryHost) -> (JSONValue.Member) -> Bool {
        let names = Set(host.keys.map(RegistryHost.normalized))
        return { names.contains(RegistryHost.normalized($0.key)) }
    }

    private static func entry(_ credential: RegistryCredential?) -> JSONValue {
        func basic(_ user: String, _ password: String) -> JSONValue.Member {
            ("auth", .string(Data("\(user):\(password)".utf8).base64EncodedString()))
        }
        return switch credential {
        case nil: .object([])
        case .password(let user, let password): .object([basic(user, password)])
        case .identityToken(let token): .object([("identitytoken", .string(token))])
        case .bearer(let token): .object([("registrytoken", .string(token))])
        }
    }
}
