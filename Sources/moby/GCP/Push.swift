internal import ArgumentParser
internal import Extents

struct Push: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Upload what was built to a cloud.", subcommands: [PushGCP.self])

    /// Other clouds of LinuxKit's `push`: the format that they take, and what sends it.
    private static let elsewhere = [
        "aws": ("aws", "aws ec2 import-snapshot"), "azure": ("vhd", "az storage blob upload --type page"),
        "openstack": ("qcow2", "openstack image create"), "vcenter": ("vmdk", "govc import.vmdk"),
        "scaleway": ("qcow2", "scw instance snapshot create"), "equinixmetal": ("kernel+initrd", "a server for iPXE"),
        "packet": ("kernel+initrd", "a server for iPXE"),
    ]

    /// Says what can be done with a word behind `push` that is no cloud.
    /// - Throws: ``UsageFault``.
    static func check(_ arguments: [String]) throws {
        guard arguments.first == "push", arguments.count > 1, case let word = arguments[1], !word.hasPrefix("-"),
            word != "gcp"
        else {
            return
        }
        let message = "'moby push' knows 'gcp' only, not '\(PlainText.short(word))'"
        if let (format, program) = elsewhere[word] {
            throw UsageFault(
                message, hint: "'moby build --format \(format)' makes what it takes; send it with: \(program)",
                command: ["push"])
        }
        let isFile = word.contains(".") || word.contains("/")
        throw UsageFault(
            message, hint: "moby push gcp \(isFile ? PlainText.short(word) : "FILE.img.tar.gz")", command: ["push"])
    }
}
