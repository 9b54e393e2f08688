/// Commands of maintainer scripts, by name: what they do, or that they do nothing that an image needs.
enum ScriptCommand {
    /// Commands without an effect on an image: they ask, talk to services and dpkg, or clean up after earlier versions.
    private static let ignored: Set<String> = [
        "deb-systemd-helper", "deb-systemd-invoke", "systemctl", "invoke-rc.d", "update-rc.d", "service", "ldconfig",
        "dpkg-maintscript-helper", "dpkg-trigger", "dpkg-query", "udevadm", "py3compile", "py3clean", "rm", "rmdir",
        "find", "grep", "sed", "cat", "head", "cut", "tr", "awk", "which", "command", "type", "sleep", "kill", "ucfr",
        "ucfq", "update-initramfs", "apparmor_parser", "aa-enabled", "debconf-set-selections", "restorecon", "stat",
        "pathfind", "systemd-sysusers", "dirname", "basename", "touch", "mktemp", "ls", "wc", "sort", "test", "mv",
        "xargs", "su", "egrep", "fgrep", "cmp", "perl", "ischroot", "shadowconfig", "hash", "wait", "tput", "tty",
        "logger", "runuser", "sync", "uname", "env", "unset", "expr", "selinuxenabled", "mandb", "install-info",
    ]

    /// - Returns: actions and the exit status; nil for a command that this does not know.
    static func parse(_ name: String, _ arguments: [String?]) -> (actions: [ScriptAction], status: Bool?)? {
        switch name {
        case "getent", "id", "groups": return ([], false)
        case "dpkg":
            return ([], arguments.first == "--compare-versions" || arguments.first == "-s" ? false : nil)
        // Debconf's questions: there is no one to ask.
        case _ where name.hasPrefix("db_"): return ([], true)
        case "update-ca-certificates": return ([.certificates], true)
        case _ where ignored.contains(name): return ([], nil)
        default: break
        }
        guard let known = arguments.allKnown else { return nil }
        return (parse(name, known) ?? AccountCommand.parse(name, known)).map { ($0, true) }
    }

    private static func parse(_ name: String, _ arguments: [String]) -> [ScriptAction]? {
        var options = CommandOptions(arguments, withValue: ["-m", "--mode", "-o", "--owner", "-g", "--group"])
        switch name {
        case "mkdir":
            let mode = options.mode
            return options.operands.map { .directory($0, mode: mode, user: nil, group: nil) }
        case "install" where options.flags.contains("-d") || options.flags.contains("--directory"):
            let (user, group) = (options.value("-o", "--owner"), options.value("-g", "--group"))
            return options.operands.map { .directory($0, mode: options.mode, user: user, group: group) }
        case "chown", "chgrp":
            guard let owner = options.takeFirst() else { return nil }
            let parts = owner.split(separator: owner.contains(":") ? ":" : ".", omittingEmptySubsequences: false)
            let user = name == "chgrp" || parts[0].isEmpty ? nil : String(parts[0])
            let group = name == "chgrp" ? owner : parts.count > 1 ? String(parts[1]) : nil
            return [.owner(paths: options.operands, user: user, group: group, isRecursive: options.isRecursive)]
        case "chmod":
            guard let text = options.takeFirst(), let mode = UInt16(text, radix: 8) else { return nil }
            return [.mode(paths: options.operands, mode)]
        case "ln":
            guard options.operands.count == 2, options.flags.contains(where: { $0.contains("s") }) else { return nil }
            return [.link(target: options.operands[0], path: options.operands[1])]
        case "cp", "ucf", "install":
            guard options.operands.count == 2 else { return nil }
            return [.copy(from: options.operands[0], to: options.operands[1])]
        case "dpkg-statoverride": return override(options)
        case "update-alternatives": return alternatives(arguments)
        case "systemd-tmpfiles":
            return arguments.filter { $0.hasSuffix(".conf") }.map { .temporary($0) }
        // They index files that a package may bring, of which most images have none.
        case "glib-compile-schemas": return [.index(name, of: "usr/share/glib-2.0/schemas/*.gschema.xml")]
        case "gio-querymodules": return [.index(name, of: "usr/lib/*/gio/modules/*.so")]
        default: return nil
        }
    }

    /// `--update --add USER GROUP MODE PATH`
    private static func override(_ options: CommandOptions) -> [ScriptAction]? {
        guard options.flags.contains("--add") else { return [] }
        let words = options.operands
        guard words.count == 4, let mode = UInt16(words[2], radix: 8) else { return nil }
        return [
            .owner(paths: [words[3]], user: words[0], group: words[1], isRecursive: false),
            .mode(paths: [words[3]], mode),
        ]
    }

    /// `--install LINK NAME PATH PRIORITY [--slave LINK NAME PATH]…`
    private static func alternatives(_ arguments: [String]) -> [ScriptAction]? {
        guard let start = arguments.firstIndex(of: "--install") else { return [] }
        let words = Array(arguments[(start + 1)...])
        guard words.count >= 4, let priority = Int(words[3]) else { return nil }
        var alternative = Alternative(main: .init(path: words[0], name: words[1], target: words[2]), priority: priority)
        var at = 4
        while at + 3 < words.count, words[at] == "--slave" {
            alternative.others.append(.init(path: words[at + 1], name: words[at + 2], target: words[at + 3]))
            at += 4
        }
        return [.alternative(alternative)]
    }
}

/// Options and operands of a command.
struct CommandOptions {
    private(set) var flags: [String] = []
    private(set) var operands: [String] = []
    private var values: [String: String] = [:]

    /// - Parameter withValue: options whose value is the next word, or after `=`.
    init(_ arguments: [String], withValue: Set<String>) {
        var rest = arguments[...]
        while let word = rest.popFirst() {
            guard word.hasPrefix("-"), word.count > 1 else { operands.append(word); continue }
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            if withValue.contains(word) {
                values[word] = rest.popFirst()
            } else if parts.count == 2, withValue.contains(parts[0]) {
                values[parts[0]] = parts[1]
            } else if word.count > 2, !word.hasPrefix("--"), withValue.contains(String(word.prefix(2))) {
                values[String(word.prefix(2))] = String(word.dropFirst(2))
            } else {
                flags.append(word)
            }
        }
    }

    func value(_ names: String...) -> String? { names.lazy.compactMap { values[$0] }.first }

    var mode: UInt16? { value("-m", "--mode").flatMap { UInt16($0, radix: 8) } }
    var isRecursive: Bool { flags.contains { $0 == "--recursive" || (!$0.hasPrefix("--") && $0.contains("R")) } }

    mutating func takeFirst() -> String? { operands.isEmpty ? nil : operands.removeFirst() }
}

extension [String?] {
    /// The words, when all of them are known.
    fileprivate var allKnown: [String]? {
        let known = compactMap { $0 }
        return known.count == count ? known : nil
    }
}
