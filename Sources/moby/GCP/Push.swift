internal import ArgumentParser

struct Push: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Send what was built to a cloud.", subcommands: [PushGCP.self])

    /// Other clouds of LinuxKit's `push`: the format that they take, and what sends it.
    private static let elsewhere = [
        "aws": ("aws", "aws ec2 import-snapshot"), "azure": ("vhd", "az storage blob upload --type page"),
        "openstack": ("qcow2", "openstack image create"), "vcenter": ("vmdk", "govc import.vmdk"),
        "scaleway": ("qcow2", "scw instance snapshot create"), "equinixmetal": ("kernel+initrd", "a server for iPXE"),
        "packet": ("kernel+initrd", "a server for iPXE"),
    ]

    /// Says what can be done with a word behind `push` that is no cloud.
    /// - Throws: `ValidationError`.
    static func check(_ arguments: [String]) throws {
        guard arguments.first == "push", arguments.count > 1, case let word = arguments[1], !word.hasPrefix("-"), word != "gcp" else {
            return
        }
        if let (format, program) = elsewhere[word] {
            throw ValidationError(
                "push knows 'gcp' only, not '\(word)'\n  hint: 'moby build --format \(format)' makes what it takes; send it with: \(program)"
            )
        }
        let isFile = word.contains(".") || word.contains("/")
        throw ValidationError("push knows 'gcp' only, not '\(word)'\n  hint: moby push gcp \(isFile ? word : "FILE.img.tar.gz")")
    }
}
