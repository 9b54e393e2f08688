internal import MobySpec

/// Linux capabilities (capabilities(7)) by number, as of Linux 5.9: the same on every build machine.
enum Capabilities {
    static let names: [String] = [
        "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP", "LINUX_IMMUTABLE",
        "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT",
        "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE",
        "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ",
        "PERFMON", "BPF", "CHECKPOINT_RESTORE",
    ].map { "CAP_" + $0 }

    /// The words of a list as capability names: a single `all` is every one, a single `none` no one.
    /// - Throws: `Diagnostic` for a name the kernel does not have.
    static func expand(_ words: [Choice<String>], at place: (Origin) -> SourceLocation) throws(Diagnostic) -> [Choice<String>] {
        if words.count == 1, let word = words.first {
            if word.value.lowercased() == "all" { return names.map { Choice(value: $0, origin: word.origin) } }
            if word.value.lowercased() == "none" { return [] }
        }
        for word in words where !names.contains(word.value) {
            let upper = word.value.uppercased()
            let guess = names.contains(upper) ? upper : names.contains("CAP_" + upper) ? "CAP_" + upper : nil
            throw Diagnostic(
                at: place(word.origin), "'\(word.value)' is not a Linux capability",
                hint: guess.map { "did you mean '\($0)'?" } ?? "names are like CAP_NET_ADMIN; 'all' or 'none' must stand alone")
        }
        return words
    }

    /// The five sets of `process.capabilities`: effective as asked for, ambient as asked for, the others the sorted union.
    static func sets(_ capabilities: [Choice<String>], ambient: [Choice<String>]) -> Traced? {
        var union: [String: Origin] = [:]
        for word in ambient + capabilities { union[word.value] = word.origin }
        let all = union.sorted { $0.key < $1.key }.map { Choice(value: $0.key, origin: $0.value) }
        return .object(present: [
            ("bounding", list(all)), ("effective", list(capabilities)), ("inheritable", list(all)), ("permitted", list(all)),
            ("ambient", list(ambient)),
        ])
    }

    private static func list(_ words: [Choice<String>]) -> Traced? {
        words.isEmpty ? nil : .array(words.map { .value(.string($0.value), $0.origin) })
    }
}
