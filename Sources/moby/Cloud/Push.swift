internal import ArgumentParser
internal import Extents
internal import MobyRun

struct Push: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push", abstract: "Upload a build to a cloud.",
        discussion: HelpText.discussion(
            examples: ["moby push gcp --project acme web.img.tar.gz"], page: "docs/deploy.md"),
        subcommands: [PushGCP.self])

    private static let clouds = configuration.subcommands.map { $0._commandName }

    /// Other clouds of LinuxKit's `push`: the format that they accept, and the program that uploads it.
    private static let elsewhere = [
        "aws": ("aws", "aws ec2 import-snapshot"), "azure": ("vhd", "az storage blob upload --type page"),
        "openstack": ("qcow2", "openstack image create"), "vcenter": ("vmdk", "govc import.vmdk"),
        "scaleway": ("qcow2", "scw instance snapshot create"), "equinixmetal": ("kernel+initrd", "a server for iPXE"),
        "packet": ("kernel+initrd", "a server for iPXE"),
    ]

    /// Explains what to do with an unsupported cloud.
    /// - Throws: ``UsageError``.
    static func check(_ arguments: [String]) throws {
        guard arguments.first == "push", arguments.count > 1, case let word = arguments[1], !word.hasPrefix("-"),
            !clouds.contains(word)
        else {
            return
        }
        let supported = clouds.map { "'\($0)'" }.joined(separator: " and ")
        let message = "'moby push' supports only \(supported), not '\(PlainText.short(word))'"
        if let (format, program) = elsewhere[word] {
            throw UsageError(
                message, hint: "'moby build --format \(format)' makes an image for it; upload it with: \(program)",
                command: ["push"])
        }
        let isFile = word.contains(".") || word.contains("/")
        throw UsageError(
            message, hint: "moby push gcp \(isFile ? PlainText.short(word) : "FILE.img.tar.gz")", command: ["push"])
    }
}

struct PushGCP: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gcp", abstract: "Upload a disk to Google Cloud and make an image of it.",
        usage: "moby push gcp [options] <file>.img.tar.gz",
        discussion: HelpText.discussion(
            "An image of the same name is replaced. The default bucket is created when it does not exist.",
            examples: ["moby push gcp --project acme web.img.tar.gz"], page: "docs/platform-gcp.md"))

    @OptionGroup var global: GlobalOptions
    @OptionGroup var web: WebOptions
    @OptionGroup var google: GCPOptions
    @Argument(help: "A disk of 'moby build --format gcp'.", completion: .file(extensions: ["gz"])) var file: String

    func run() async throws {
        let publication = try google.publication(of: file, for: ["push", "gcp"])
        try await google.run(.push(publication), level: global.level, web.certFile)
    }
}
