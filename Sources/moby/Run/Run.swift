internal import ArgumentParser
internal import Extents
internal import MobySpec

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Start a machine from a build.",
        discussion: HelpText.discussion(
            examples: ["moby run web.yml", "moby run qemu --publish 8080:80 web", "moby run gcp web"],
            page: "docs/running.md"), subcommands: [RunQEMU.self, RunGCP.self],
        defaultSubcommand: RunQEMU.self)

    static let backends = configuration.subcommands.map { $0._commandName }
    private static let supported = "'moby run' supports \(backends.map { "'\($0)'" }.joined(separator: " and "))"

    /// Other backends of LinuxKit's `run`, and the format that each starts.
    private static let elsewhere = [
        "aws": "aws", "azure": "vhd", "equinixmetal": "kernel+initrd", "hyperkit": "kernel+initrd",
        "hyperv": "dynamic-vhd",
        "openstack": "qcow2", "packet": "kernel+initrd", "scaleway": "qcow2", "vbox": "vmdk", "vcenter": "vmdk",
        "virtualization": "kernel+initrd", "vmware": "vmdk",
    ]

    /// Suggests a way for a backend that moby does not have. Alone such a word is the prefix of a build, as any other.
    /// - Throws: ``UsageError``.
    static func check(_ arguments: [String]) throws {
        try checkOldDisk(arguments)
        if arguments.first == "run", arguments.count > 2, !arguments[1].hasPrefix("-"),
            !backends.contains(arguments[1]),
            elsewhere[arguments[1]] == nil, let guess = Spelling.closest(to: arguments[1], in: backends),
            !arguments[2].hasPrefix("-")
        {
            throw UsageError(
                "\(supported), not '\(PlainText.short(arguments[1]))'; did you mean '\(guess)'?",
                command: ["run"])
        }
        guard arguments.first == "run", arguments.count > 2, case let word = arguments[1], let format = elsewhere[word],
            let last = arguments.last, !last.hasPrefix("-")
        else { return }
        throw UsageError(
            "\(supported), not '\(PlainText.short(word))'",
            hint:
                "'moby build --format \(format)' builds what it boots; to run a build named '\(word)': moby run qemu … \(word)",
            command: ["run"])
    }

    /// For some months of 2017 a disk's size was an option of its own; `run gcp` has that option today.
    private static func checkOldDisk(_ arguments: [String]) throws {
        let own = arguments.prefix { $0 != "--" }
        guard own.first == "run", own.dropFirst().first != "gcp",
            let index = own.firstIndex(where: { $0.hasPrefix("--disk-size") })
        else {
            return
        }
        func value(_ index: Int) -> String? {
            let parts = own[index].split(separator: "=", maxSplits: 1)
            return parts.count == 2 ? String(parts[1]) : own.indices.contains(index + 1) ? own[index + 1] : nil
        }
        let path = own.firstIndex { $0 == "--disk" || $0.hasPrefix("--disk=") }.flatMap(value) ?? "PATH"
        let disk = PlainText.short("\(path),size=\(value(index) ?? "SIZE")")
        throw UsageError("--disk-size is an option of 'run gcp'", hint: "use --disk \(disk)", command: ["run"])
    }
}
