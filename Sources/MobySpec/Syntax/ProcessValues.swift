internal import Extents

/// Names of Linux capabilities (capabilities(7)), the same on every build machine.
public enum CapabilityName {
    /// All that Linux has since 5.9, by number.
    public static let all = [
        "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
        "LINUX_IMMUTABLE",
        "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO",
        "SYS_CHROOT",
        "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG",
        "MKNOD", "LEASE",
        "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND",
        "AUDIT_READ",
        "PERFMON", "BPF", "CHECKPOINT_RESTORE",
    ].map { "CAP_" + $0 }

    /// Words for every capability, or none.
    static let special = ["all", "none", "ALL", "NONE"]

    /// A single `all` or `none`, in any case, or names.
    static func check(list: [String]) -> SyntaxError? {
        guard list.count > 1, let word = list.first(where: isSpecial) else { return nil }
        return SyntaxError("has '\(word)' and other names", hint: "'\(word)' cannot be combined with other names")
    }

    /// The problem with a name.
    public static func check(_ text: String) -> SyntaxError? {
        guard !all.contains(text), !isSpecial(text) else { return nil }
        let upper = text.uppercased()
        let guess = Spelling.closest(to: upper.hasPrefix("CAP_") ? upper : "CAP_" + upper, in: all)
        return SyntaxError(
            "is '\(PlainText.short(text))', expected a Linux capability",
            hint: guess.map { "did you mean '\($0)'?" }
                ?? "names are like CAP_NET_ADMIN; 'all' and 'none' cannot be combined with others")
    }

    private static func isSpecial(_ word: String) -> Bool { ["all", "none"].contains(word.lowercased()) }
}

/// The namespace of one kind that a container has.
public enum Namespace: Sendable, Hashable {
    /// The empty string: as the label or the default has it.
    case unspecified
    /// Shared with the guest's root; `root` is another word for it.
    case host, root
    /// One of its own; `none` is the same for networks.
    case new, none
    case path(String)

    /// - Parameter words: those that this kind of namespace allows.
    init(_ text: String, words: [String]) throws(SyntaxError) {
        switch text {
        case "": self = .unspecified
        case _ where text.hasPrefix("/"): self = .path(text)
        case "host" where words.contains(text): self = .host
        case "root" where words.contains(text): self = .root
        case "new" where words.contains(text): self = .new
        case "none" where words.contains(text): self = .none
        default:
            throw SyntaxError(
                "is '\(PlainText.short(text))', expected \(words.map { "'\($0)'" }.joined(separator: ", ")) or the absolute path of a namespace",
                hint: Spelling.closest(to: text, in: words).map { "did you mean '\($0)'?" })
        }
    }

    var text: String {
        switch self {
        case .unspecified: ""
        case .host: "host"
        case .root: "root"
        case .new: "new"
        case .none: "none"
        case .path(let path): path
        }
    }
}
