internal import ArgumentParser

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start a machine from what was built.", subcommands: [RunQEMU.self, RunGCP.self], defaultSubcommand: RunQEMU.self)

    /// Other backends of LinuxKit's `run`, and the format that each starts.
    private static let elsewhere = [
        "aws": "aws", "azure": "vhd", "equinixmetal": "kernel+initrd", "hyperkit": "kernel+initrd", "hyperv": "dynamic-vhd",
        "openstack": "qcow2", "packet": "kernel+initrd", "scaleway": "qcow2", "vbox": "vmdk", "vcenter": "vmdk",
        "virtualization": "kernel+initrd", "vmware": "vmdk",
    ]

    /// Says what can be done with a backend that is not here. Alone such a word is the prefix of what was built, as any other.
    /// - Throws: `ValidationError`.
    static func check(_ arguments: [String]) throws {
        guard arguments.first == "run", arguments.count > 2, case let word = arguments[1], let format = elsewhere[word],
            let last = arguments.last, !last.hasPrefix("-")
        else { return }
        throw ValidationError(
            "run knows 'qemu' and 'gcp', not '\(word)'\n  hint: 'moby build --format \(format)' makes what it starts; a build called '\(word)' is started by 'moby run qemu … \(word)'"
        )
    }
}
