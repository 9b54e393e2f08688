/// Commands that create users and groups: adduser(8), addgroup(8), useradd(8), groupadd(8), usermod(8).
enum AccountCommand {
    private static let valued: Set<String> = [
        "--home", "--shell", "--gecos", "--uid", "--gid", "--ingroup", "--firstuid", "--lastuid", "--firstgid",
        "--lastgid",
        "-d", "--home-dir", "-s", "-c", "--comment", "-u", "-g", "-G", "--groups", "-b", "--base-dir", "-K", "-p",
        "--password",
    ]

    static func parse(_ name: String, _ arguments: [String]) -> [ScriptAction]? {
        let options = CommandOptions(arguments, withValue: valued)
        switch name {
        case "adduser":
            if options.operands.count == 2 {
                return [.member(user: options.operands[0], group: options.operands[1])]
            }
            if options.flags.contains("--group"), !options.flags.contains("--system") { return group(options) }
            return user(options, ownGroup: options.flags.contains("--group"))
        case "useradd":
            // USERGROUPS_ENAB of Debian's login.defs.
            let hasOther = options.value("-g", "--gid") != nil || options.flags.contains("-N")
            return user(options, ownGroup: !hasOther && !options.flags.contains("--no-user-group"))
        case "addgroup", "groupadd": return group(options)
        case "usermod":
            guard let user = options.operands.first else { return nil }
            let groups = options.value("-G", "--groups")?.split(separator: ",") ?? []
            return groups.map { .member(user: user, group: String($0)) }
        case "gpasswd", "chsh", "chfn", "passwd": return []
        default: return nil
        }
    }

    private static func group(_ options: CommandOptions) -> [ScriptAction]? {
        if options.operands.count == 2 { return [.member(user: options.operands[0], group: options.operands[1])] }
        guard let name = options.operands.first else { return nil }
        return [.group(name: name, id: options.value("--gid", "-g").flatMap { UInt32($0) })]
    }

    private static func user(_ options: CommandOptions, ownGroup: Bool) -> [ScriptAction]? {
        guard let name = options.operands.first else { return nil }
        let user = ScriptAccounts.NewUser(
            name: name, id: options.value("--uid", "-u").flatMap { UInt32($0) },
            group: options.value("--ingroup", "-g", "--gid"), hasOwnGroup: ownGroup,
            comment: options.value("--gecos", "-c", "--comment") ?? "",
            home: options.value("--home", "-d", "--home-dir") ?? "/nonexistent",
            shell: options.value("--shell", "-s") ?? "/usr/sbin/nologin")
        let more = options.value("-G", "--groups")?.split(separator: ",") ?? []
        return [.user(user)] + more.map { .member(user: name, group: String($0)) }
    }

    /// A line of a sysusers.d(5) file; nil for one that creates nothing.
    static func parse(sysusers line: Substring) -> [ScriptAction] {
        let fields = Self.fields(line)
        guard fields.count >= 2 else { return [] }
        let id = fields.count > 2 ? fields[2].split(separator: ":").first.flatMap { UInt32($0) } : nil
        func field(_ index: Int, _ otherwise: String) -> String {
            fields.count > index && fields[index] != "-" && !fields[index].isEmpty ? fields[index] : otherwise
        }
        switch fields[0].prefix(1) {
        case "g": return [.group(name: fields[1], id: id)]
        case "m": return fields.count > 2 ? [.member(user: fields[1], group: fields[2])] : []
        case "u":
            let group = fields.count > 2 ? fields[2].split(separator: ":").dropFirst().first.map(String.init) : nil
            return [
                .user(
                    ScriptAccounts.NewUser(
                        name: fields[1], id: id, group: group, hasOwnGroup: group == nil, comment: field(3, ""),
                        home: field(4, "/"), shell: field(5, "/usr/sbin/nologin")))
            ]
        default: return []
        }
    }

    private static func fields(_ line: Substring) -> [String] {
        var fields: [String] = []
        var rest = line.drop { $0 == " " || $0 == "\t" }
        while let first = rest.first, first != "#" || !fields.isEmpty {
            let isQuoted = first == "\""
            if isQuoted { rest = rest.dropFirst() }
            let field = rest.prefix { isQuoted ? $0 != "\"" : $0 != " " && $0 != "\t" }
            fields.append(String(field))
            rest = rest.dropFirst(field.count + (isQuoted ? 1 : 0)).drop { $0 == " " || $0 == "\t" }
        }
        return fields
    }
}
