internal import Archive
internal import BootLayout
internal import Extents
internal import JSON
internal import MachineModel
internal import MobySpec
internal import OCI

/// Checks of one container before it runs.
struct ContainerCheck {
    let explanation: Explanation

    /// Places that have their contents from the running system.
    private static let living = ["dev", "proc", "sys", "run", "var", "tmp", "mnt", "containers"]

    private var config: JSONValue { explanation.config.config.json }
    private var container: ContainerSpec { explanation.container }
    private var mounts: [(destination: String, type: String, source: String)] {
        config["mounts"]?.array?.map {
            ($0["destination"]?.string ?? "", $0["type"]?.string ?? "", $0["source"]?.string ?? "")
        } ?? []
    }

    private func isBound(_ path: String) -> Bool {
        mounts.contains { $0.type == "bind" && (path + "/").hasPrefix($0.destination + "/") }
    }

    /// Folders of the PATH that the container will have.
    private var folders: [String] {
        let variable =
            config["process"]?["env"]?.array?.compactMap(\.string).last { $0.hasPrefix("PATH=") }
            ?? RuntimeConfigBuilder.defaultPath
        return variable.dropFirst(5).split(separator: ":").map(String.init)
    }

    /// Whether the program is in the image and can be started.
    /// - Parameter facts: what the image has of candidates, with these folders of PATH.
    func program(_ platform: Platform, _ facts: (_ candidates: [String], _ folders: [String]) throws -> ProgramFacts)
        rethrows
        -> Diagnostic?
    {
        guard let process = config["process"], let program = process["args"]?.array?.first?.string else { return nil }
        let isNamed = !program.contains("/")
        let candidates =
            isNamed
            ? folders.map { "\($0)/\(program)" }
            : [program.hasPrefix("/") ? program : (process["cwd"]?.string ?? "/") + "/" + program]
        let inImage = Array(candidates.prefix { !isBound($0) })
        let isDecided = inImage.count == candidates.count
        guard !inImage.isEmpty || isDecided else { return nil }
        let facts = try facts(inImage, folders)
        guard facts.path != nil else {
            guard isDecided else { return nil }
            return warning(
                program, facts.reason, hint: isNamed ? "looked for \(candidates.joined(separator: ", "))" : nil)
        }
        let problem = facts.problem(on: platform) { isBound($0) }
        return problem.map { warning(program, $0.reason, hint: $0.hint) }
    }

    private func warning(_ program: String, _ reason: String, hint: String?) -> Diagnostic {
        Diagnostic(
            .warning, at: container.options.locations["command"] ?? container.image.location,
            "'\(container.name)' runs '\(PlainText.short(program))', which \(reason) in image '\(PlainText.short(container.image.value))'",
            hint: hint)
    }

    /// Sources of binds that nothing in the spec provides.
    /// - Parameters:
    ///   - root: of the machine, with the kernel's modules and `files:`.
    ///   - all: every container of the spec.
    ///   - hasModules: false when it is not known what the kernel image brings.
    func bindSources(in root: RootState, _ all: [Explanation], hasModules: Bool) -> [Diagnostic] {
        let made = all.flatMap { $0.config.record.mkdir + $0.config.record.mounts.map(\.destination) }
        return mounts.filter { $0.type == "bind" }.compactMap { mount in
            guard let path = root.resolving(mount.source),
                let first = path.bytes.split(separator: UInt8(ascii: "/")).first,
                !ContainerCheck.living.contains(String(decoding: first, as: UTF8.self)), root[path] == nil,
                hasModules || !Self.isOfKernel(mount.source),
                !made.contains(where: {
                    (mount.source + "/").hasPrefix($0 + "/") || ($0 + "/").hasPrefix(mount.source + "/")
                })
            else { return nil }
            let location =
                container.options.locations["binds"] ?? container.options.locations["mounts"] ?? container.location
            return Diagnostic(
                .warning, at: location,
                "'\(container.name)' binds '\(PlainText.short(mount.source))', which neither an init image nor an entry of files provides",
                hint: "add it under files:, or create it with runtime.mkdir")
        }
    }

    private static func isOfKernel(_ path: String) -> Bool {
        ["/lib", "/usr/lib"].contains { lib in
            path == lib || ["modules", "firmware"].contains { (path + "/").hasPrefix("\(lib)/\($0)/") }
        }
    }
}

extension ProgramFacts {
    typealias Obstacle = (reason: String, hint: String?)

    /// Why a program that exists cannot start.
    /// - Parameter isCovered: whether something is mounted over a path, so that the image does not decide its contents.
    func problem(on platform: Platform, isCovered: (String) -> Bool = { _ in false }) -> Obstacle? {
        for (index, executable) in executables.enumerated() {
            let who = index == 0 ? "" : "is run by '\(PlainText.short(executable.path))', which "
            let interpreter = PlainText.short(executable.interpreter ?? "")
            switch executable.form {
            case .unknown:
                return (
                    who + "is neither a program nor a script", "a script begins with #! and the path of its interpreter"
                )
            case .script:
                if let problem = executable.problem, !isCovered(executable.interpreter ?? "") {
                    let isDOS = executable.interpreter?.hasSuffix("\r") == true
                    return (
                        who + "is a script for '\(interpreter)', which \(problem)",
                        isDOS ? "its lines end in CR LF; save it with LF line endings" : nil
                    )
                }
                if let program = executable.missingProgram {
                    return (who + "is a script for '\(PlainText.short(program))', which is in no folder of PATH", nil)
                }
            case .elf:
                let known = Architecture(named: platform.architecture)?.elfMachines ?? []
                if !known.isEmpty, !known.contains(executable.machine) {
                    let other = Architecture(elfMachine: executable.machine)?.name ?? "machine \(executable.machine)"
                    return (who + "is a program for \(other), not for \(platform.architecture),", nil)
                }
                if let problem = executable.problem, !isCovered(executable.interpreter ?? "") {
                    return (
                        who + "needs the loader '\(interpreter)', which \(problem)",
                        "link the program statically, or use an image with its C library"
                    )
                }
                let missing = executable.missingLibraries.prefix(3).map { "'\(PlainText.short($0))'" }.joined(
                    separator: ", ")
                if !missing.isEmpty,
                    !["/lib", "/lib64", "/usr", "/usr/lib", "/usr/lib64", "/opt", "/usr/local"].contains(
                        where: isCovered)
                {
                    return (who + "needs the library \(missing), which does not exist", nil)
                }
            }
        }
        return nil
    }
}
