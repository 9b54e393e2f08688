internal import Archive
internal import Extents
internal import JSON
internal import MobySpec

/// Checks that an image has the program that it starts.
struct ProgramCheck {
    private static let defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    private let spec: PackageSpec

    init(_ spec: PackageSpec) { self.spec = spec }

    /// A diagnostic at `entrypoint` or `cmd`; none when nothing is started, or when the program comes from a bind or
    /// mount.
    func diagnostics(in tree: FileTree) -> [Diagnostic] {
        guard let (key, program) = program else { return [] }
        let candidates = candidates(program.value)
        if candidates.contains(where: isMounted) { return [] }
        var reason: String?
        for candidate in candidates {
            guard let node = Self.node(at: candidate, in: tree) else { continue }
            switch node.kind {
            case .regular where node.mode & 0o111 != 0: return []
            case .regular: reason = "is not executable"
            case .directory: reason = "is a folder"
            case .symlink: reason = "is a broken link"
            default: reason = "is not a program"
            }
        }
        let guess = reason == nil ? tree.closest(to: program.value) : nil
        return [
            Diagnostic(
                at: program.location,
                "\(key) runs '\(PlainText.short(program.value))', which \(reason ?? "is not in the image")",
                hint: guess.map { "did you mean '/\(PlainText.short($0))'?" })
        ]
    }

    /// What a path leads to, links followed; the link itself when it leads nowhere.
    private static func node(at text: String, in tree: FileTree) -> FileTree.Node? {
        tree.resolve(text.utf8).flatMap { tree[$0] }
            ?? TreePath(text.utf8).flatMap { tree.resolvingParents($0) }.flatMap { tree[$0] }
    }

    private var program: (key: String, value: Located<String>)? {
        if let first = spec.entrypoint?.first { return ("entrypoint", first) }
        return spec.cmd?.first.map { ("cmd", $0) }
    }

    private func candidates(_ program: String) -> [String] {
        if program.hasPrefix("/") { return [program] }
        if program.contains("/") { return ["\(spec.workdir ?? "")/\(program)"] }
        let path = spec.env?.last { $0.hasPrefix("PATH=") }?.dropFirst(5) ?? Self.defaultPath[...]
        return path.split(separator: ":").map { "\($0)/\(program)" }
    }

    /// Whether a bind or mount of `config` covers a path.
    private func isMounted(_ path: String) -> Bool {
        guard case .object(let members)? = spec.config else { return false }
        let destinations = members.flatMap { key, value -> [String] in
            guard case .array(let items) = value else { return [] }
            return items.compactMap { item in
                switch (key, item) {
                case ("binds", .string(let text)), ("binds.add", .string(let text)):
                    text.split(separator: ":").dropFirst().first.map(String.init)
                case ("tmpfs", .string(let text)): text.split(separator: ":").first.map(String.init)
                case ("mounts", .object(let mount)):
                    if case .string(let text)? = mount.first(where: { $0.key == "destination" })?.value {
                        text
                    } else {
                        nil
                    }
                default: nil
                }
            }
        }
        return destinations.contains { "\(path)/".hasPrefix($0.hasSuffix("/") ? $0 : "\($0)/") }
    }
}
