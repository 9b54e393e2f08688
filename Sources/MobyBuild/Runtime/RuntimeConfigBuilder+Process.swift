internal import BootLayout
internal import Extents
internal import JSON
internal import MobySpec
internal import OCI

extension RuntimeConfigBuilder {
    /// `process` (config.md, Process).
    mutating func process(_ capabilities: (effective: [WithOrigin<String>], ambient: [WithOrigin<String>])) throws
        -> JSONWithOrigins
    {
        let user = try self.user()
        let limits = limits()
        let members: [(key: String, value: JSONWithOrigins?)] = [
            ("user", user),
            ("args", command()),
            ("env", environment()),
            ("cwd", .string(workingDirectory())),
            ("capabilities", Capabilities.sets(capabilities.effective, ambient: capabilities.ambient)),
            ("rlimits", limits),
            ("noNewPrivileges", .flag(merge.choose("noNewPrivileges") { $0.noNewPrivileges })),
            (
                "apparmorProfile",
                merge.choose("apparmor") { $0.apparmor }.map { .value(.string($0.value), $0.origin) }
            ),
            (
                "oomScoreAdj",
                merge.choose("oomScoreAdj") { $0.oomScoreAdj }.map { .value(.integer(Int64($0.value)), $0.origin) }
            ),
        ]
        return .object(present: members) ?? .object([])
    }

    /// Of open files, as systemd has it for services: programs that need more raise the soft limit themselves, and none
    /// can take what all share.
    private static let openFiles = limit("NOFILE", soft: 1024, hard: 524_288)

    /// The container's limits, with the default for open files unless it sets them. An empty list leaves the machine's
    /// limits.
    private func limits() -> JSONWithOrigins? {
        let asked = merge.choose("rlimits") { $0.rlimits }
        if let asked, asked.value.isEmpty { return nil }
        var limits = (asked?.value ?? []).map { limit in
            JSONWithOrigins.value(
                Self.limit(limit.name, soft: limit.soft, hard: limit.hard), asked?.origin ?? .standard)
        }
        let namesOpenFiles = asked?.value.contains { $0.name == "NOFILE" } ?? false
        if !namesOpenFiles { limits.append(.value(Self.openFiles, .standard)) }
        return .array(limits)
    }

    private static func limit(_ name: String, soft: UInt64, hard: UInt64) -> JSONValue {
        .object([("type", .string("RLIMIT_" + name)), ("hard", .integer(hard)), ("soft", .integer(soft))])
    }

    private var execution: ImageConfig.Execution { input.image.config ?? ImageConfig.Execution() }

    /// The arguments, below the reaper if the container has one.
    private mutating func command() -> JSONWithOrigins? {
        let words = arguments()
        guard let reaper else { return .strings(words) }
        return .array(
            [.value(.string(Supervision.reaper), reaper.origin)] + words.value.map { .value(.string($0), words.origin) }
        )
    }

    private mutating func arguments() -> WithOrigin<[String]> {
        if let command = merge.choose("command", { $0.command }) {
            if command.value.isEmpty {
                diagnostics.append(
                    Diagnostic(
                        at: location(of: command.origin), "command of '\(container.name)' is empty",
                        hint: "name the program to run"))
            }
            return command
        }
        let (entrypoint, arguments) = (execution.entrypoint ?? [], execution.cmd ?? [])
        if entrypoint.isEmpty && arguments.isEmpty {
            diagnostics.append(
                Diagnostic(
                    at: container.image.location,
                    "image '\(PlainText.short(container.image.value))' of '\(container.name)' has no command",
                    hint: "add command: [\"/path/of/program\"] to '\(container.name)'"))
        }
        let field = arguments.isEmpty ? "Entrypoint" : entrypoint.isEmpty ? "Cmd" : "Entrypoint, Cmd"
        return WithOrigin(value: entrypoint + arguments, origin: .image(field: field))
    }

    /// What a container has as its `PATH` when nothing sets one, as Docker and containerd have it.
    static let defaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    private mutating func environment() -> JSONWithOrigins? {
        let written =
            merge.choose("env") { $0.env } ?? WithOrigin(value: execution.env ?? [], origin: .image(field: "Env"))
        if case .image = written.origin {
            // Those of YAML are looked at where it is read.
            for entry in written.value where entry.firstIndex(of: "=") ?? entry.startIndex == entry.startIndex {
                diagnostics.append(
                    Diagnostic(
                        .warning, at: container.image.location,
                        "image '\(PlainText.short(container.image.value))' sets the variable '\(PlainText.short(entry))', "
                            + "which is not NAME=value; runc refuses it", hint: "set env: of '\(container.name)'"))
            }
        }
        let hasPath = written.value.contains { $0.hasPrefix("PATH=") }
        if hasPath, notify == nil { return .strings(written) }
        let path: [JSONWithOrigins] = hasPath ? [] : [.value(.string(Self.defaultPath), .standard)]
        let socket = notify.map {
            JSONWithOrigins.value(.string("NOTIFY_SOCKET=" + Supervision.notifySocket), $0.origin)
        }
        return .array(path + written.value.map { .value(.string($0), written.origin) } + (socket.map { [$0] } ?? []))
    }

    private func workingDirectory() -> WithOrigin<String> {
        if let cwd = merge.chooseText("cwd", { $0.cwd }) { return cwd }
        if let directory = execution.workingDir, !directory.isEmpty {
            // runc wants an absolute path, Docker files may have a relative one.
            return WithOrigin(
                value: directory.hasPrefix("/") ? directory : "/" + directory, origin: .image(field: "WorkingDir"))
        }
        return WithOrigin(value: "/", origin: .standard)
    }

    private mutating func user() throws -> JSONWithOrigins {
        let uid = number("uid", merge.choose("uid") { $0.uid })
        let gid = number("gid", merge.choose("gid") { $0.gid })
        let more = merge.choose("additionalGids") { $0.additionalGids }
        var additional = (more?.value ?? []).compactMap {
            number("additionalGids", WithOrigin(value: $0, origin: more?.origin ?? .standard))
        }
        let fromImage = uid == nil ? try imageUser() : nil
        let imageOrigin = Origin.image(field: "User")
        if let fromImage, more == nil {
            additional = fromImage.additionalGids.map { WithOrigin(value: $0, origin: imageOrigin) }
        }
        func choice(_ asked: WithOrigin<UInt32>?, _ image: UInt32?) -> JSONWithOrigins {
            let choice =
                asked ?? image.map { WithOrigin(value: $0, origin: imageOrigin) }
                ?? WithOrigin(value: 0, origin: .standard)
            return .value(.integer(Int64(choice.value)), choice.origin)
        }
        let list: JSONWithOrigins? =
            additional.isEmpty ? nil : .array(additional.map { .value(.integer(Int64($0.value)), $0.origin) })
        let members: [(key: String, value: JSONWithOrigins?)] = [
            ("uid", choice(uid, fromImage?.uid)), ("gid", choice(gid, fromImage?.gid)), ("additionalGids", list),
        ]
        return .object(present: members) ?? .object([])
    }

    private mutating func number(_ key: String, _ identity: WithOrigin<Identity>?) -> WithOrigin<UInt32>? {
        guard let identity else { return nil }
        if let number = input.identities.number(identity.value) {
            return WithOrigin(value: number, origin: identity.origin)
        }
        diagnostics.append(
            input.identities.unknown(
                identity.value, key: key, of: subject(identity.origin), at: location(of: identity.origin)))
        return WithOrigin(value: 0, origin: identity.origin)
    }

    private mutating func imageUser() throws -> ImageUser? {
        guard let text = execution.user, !text.isEmpty else { return nil }
        if let user = try ImageUser(text, accounts: input.accounts) { return user }
        diagnostics.append(
            Diagnostic(
                at: container.image.location,
                "image '\(PlainText.short(container.image.value))' wants to run as '\(PlainText.short(text))', which its /etc/passwd and /etc/group do not have",
                hint: "set uid: and gid: of '\(container.name)' to numbers"))
        return nil
    }
}

/// The capability sets of a process (capabilities(7)).
enum Capabilities {
    /// The words of a list as capability names: `all` is every one, `none` no one. They meet other names only where a
    /// label's list and additions to it are joined.
    static func expand(_ words: [WithOrigin<String>]) -> [WithOrigin<String>] {
        if let all = words.first(where: { $0.value.lowercased() == "all" }) {
            return CapabilityName.all.map { WithOrigin(value: $0, origin: all.origin) }
        }
        return words.filter { $0.value.lowercased() != "none" }
    }

    /// The five sets of `process.capabilities`: effective as asked for, ambient as asked for, the others the sorted
    /// union.
    static func sets(_ capabilities: [WithOrigin<String>], ambient: [WithOrigin<String>]) -> JSONWithOrigins? {
        var union: [String: Origin] = [:]
        for word in ambient + capabilities { union[word.value] = word.origin }
        let all = union.sorted { $0.key < $1.key }.map { WithOrigin(value: $0.key, origin: $0.value) }
        return .object(present: [
            ("bounding", list(all)), ("effective", list(capabilities)), ("inheritable", list(all)),
            ("permitted", list(all)),
            ("ambient", list(ambient)),
        ])
    }

    private static func list(_ words: [WithOrigin<String>]) -> JSONWithOrigins? {
        words.isEmpty ? nil : .array(words.map { .value(.string($0.value), $0.origin) })
    }
}
