internal import Archive
internal import BootLayout
internal import MobySpec

/// What can be told of one container before it ever runs.
struct ContainerCheck {
    let explanation: Explanation

    /// Places that have their contents from the running system.
    private static let living = ["dev", "proc", "sys", "run", "var", "tmp", "mnt", "containers"]

    private var config: JSONValue { explanation.config.config.json }
    private var container: ContainerSpec { explanation.container }
    private var mounts: [(destination: String, type: String, source: String)] {
        config["mounts"]?.items.map { ($0["destination"]?.text ?? "", $0["type"]?.text ?? "", $0["source"]?.text ?? "") } ?? []
    }

    /// Whether the program is in the image and may be executed.
    func program(in image: RootState) -> Diagnostic? {
        guard let process = config["process"], let program = process["args"]?.items.first?.text else { return nil }
        let candidates: [String]
        if program.contains("/") {
            candidates = [program.hasPrefix("/") ? program : (process["cwd"]?.text ?? "/") + "/" + program]
        } else {
            let variable = process["env"]?.items.compactMap(\.text).first { $0.hasPrefix("PATH=") }
            let path = variable.map { String($0.dropFirst(5)) } ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
            candidates = path.split(separator: ":").map { "\($0)/\(program)" }
        }
        var reason = "is not there"
        for candidate in candidates {
            if mounts.contains(where: { $0.type == "bind" && (candidate + "/").hasPrefix($0.destination + "/") }) { return nil }
            guard let item = image.item(at: candidate) else { continue }
            if item.kind == .regular, item.isExecutable { return nil }
            reason = item.kind == .directory ? "is a directory" : "is not executable"
        }
        let place = container.options.locations["command"] ?? container.image.location
        return Diagnostic(
            .warning, at: place, "'\(container.name)' runs '\(program)', which \(reason) in image '\(container.image.value)'",
            hint: candidates.count > 1 ? "looked for \(candidates.joined(separator: ", "))" : nil)
    }

    /// Sources of binds that nothing in the spec provides.
    func bindSources(in root: RootState, _ spec: Spec) -> [Diagnostic] {
        let made = (spec.onboot + spec.services).flatMap {
            ($0.options.runtime?.mkdir ?? []) + ($0.options.runtime?.mounts ?? []).compactMap(\.destination)
        }
        let own = explanation.config.record.mkdir + explanation.config.record.mounts.map(\.destination)
        return mounts.filter { $0.type == "bind" }.compactMap { mount in
            guard let path = root.resolving(mount.source), let first = path.bytes.split(separator: UInt8(ascii: "/")).first,
                !ContainerCheck.living.contains(String(decoding: first, as: UTF8.self)), root[path] == nil,
                !(made + own).contains(where: { (mount.source + "/").hasPrefix($0 + "/") || ($0 + "/").hasPrefix(mount.source + "/") })
            else { return nil }
            let place = container.options.locations["binds"] ?? container.options.locations["mounts"] ?? container.location
            return Diagnostic(
                .warning, at: place, "'\(container.name)' binds '\(mount.source)', which no init image and no entry of files has",
                hint: "add it under files:, or make it with runtime.mkdir")
        }
    }
}

extension RootState {
    /// What a path leads to, all links followed.
    func item(at text: String) -> Item? { resolving(text).flatMap { self[$0] } }

    /// The path that a path leads to, all links followed, whether or not something is there.
    func resolving(_ text: String) -> TreePath? { resolvingParents(Array("\(text)/x".utf8))?.parent }
}

extension JSONValue {
    /// A member of an object.
    subscript(key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }

    var items: [JSONValue] {
        guard case .array(let items) = self else { return [] }
        return items
    }

    var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }
}
