internal import MobySpec

/// `linux.namespaces`: shared with the root unless new ones are asked for, except pid and mount.
enum Namespaces {
    static func list(_ merge: OptionMerge) -> [Traced] {
        let kinds: [(kind: String, choice: Choice<String>?, isNew: Bool)] = [
            ("network", merge.chooseText("net") { $0.net }, false),
            ("ipc", merge.chooseText("ipc") { $0.ipc }, false),
            ("uts", merge.chooseText("uts") { $0.uts }, false),
            ("pid", merge.chooseText("pid") { $0.pid }, true),
            ("user", merge.chooseText("userns") { $0.userns }, false),
        ]
        var list = kinds.compactMap { entry($0.kind, $0.choice, isNew: $0.isNew) }
        list.append(.value(.object([("type", .string("mount"))]), .standard))
        return list
    }

    private static func entry(_ kind: String, _ choice: Choice<String>?, isNew: Bool) -> Traced? {
        guard let choice else { return isNew ? .value(.object([("type", .string(kind))]), .standard) : nil }
        switch choice.value {
        case "host", "root": return nil
        case "new": return .value(.object([("type", .string(kind))]), choice.origin)
        case "none" where kind == "network": return .value(.object([("type", .string(kind))]), choice.origin)
        default: return .value(.object([("type", .string(kind)), ("path", .string(choice.value))]), choice.origin)
        }
    }

    /// Whether a namespace is shared with the root.
    static func isShared(_ choice: Choice<String>?) -> Bool {
        choice.map { $0.value == "host" || $0.value == "root" } ?? true
    }
}
