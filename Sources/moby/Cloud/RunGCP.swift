internal import ArgumentParser
internal import Extents
internal import MobyRun

struct RunGCP: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gcp", abstract: "Start a machine in Google Cloud, show its console, and delete it at the end.",
        usage: "moby run gcp [options] <image>|<file>.img.tar.gz",
        discussion: HelpText.discussion(
            """
            A file is first uploaded and made into an image. The console is the machine's serial port: Enter ~ . ends the session, and the \
            machine is deleted. The image and the uploaded file are kept.
            """, examples: ["moby run gcp --project acme web.img.tar.gz"], page: "docs/platform-gcp.md"))

    @OptionGroup var global: GlobalOptions
    @OptionGroup var web: WebOptions
    @OptionGroup var google: GCPOptions
    @Option(help: ArgumentHelp("Name of the machine (default: the image's).", valueName: "name")) var name: String?
    @Option(help: ArgumentHelp("Zone (default: $CLOUDSDK_COMPUTE_ZONE, else europe-west1-d).", valueName: "zone"))
    var zone: String?
    @Option(help: ArgumentHelp("Machine type (default: $CLOUDSDK_COMPUTE_MACHINE, else g1-small).", valueName: "type"))
    var machine: String?
    @Option(help: ArgumentHelp("Add an empty disk; repeatable.", valueName: "[file=]name[,size=N]")) var disk:
        [String] = []
    @Option(help: ArgumentHelp("Add an empty disk of this size (default: $CLOUDSDK_DISK_SIZE).", valueName: "GB"))
    var diskSize: Int?
    @Option(help: ArgumentHelp("User data for the guest.", valueName: "text")) var data: String?
    @Option(help: ArgumentHelp("File with user data for the guest.", valueName: "file"), completion: .file())
    var dataFile: String?
    @Option(help: ArgumentHelp("A public key for root; repeatable.", valueName: "file"), completion: .file())
    var sshKey: [String] = []
    @Option(help: ArgumentHelp("Network (default: 'default').", valueName: "name")) var network: String?
    @Option(help: ArgumentHelp("Subnetwork in the zone's region.", valueName: "name")) var subnet: String?
    @Option(help: ArgumentHelp("A network tag; repeatable.", valueName: "name")) var tag: [String] = []
    @Flag(help: "Give the machine a virtual TPM.") var vtpm = false
    @Flag(help: "Keep the machine, and print how to delete it.") var skipCleanup = false
    @Option(
        help: ArgumentHelp(
            "interactive (by ssh), output (show the serial port), none (leave it running).", valueName: "how"),
        completion: .list(["interactive", "output", "none"]))
    var console = "interactive"
    @Argument(
        help: "An image of the project, or a disk of 'moby build --format gcp'.", completion: .file(extensions: ["gz"]))
    var image: String

    mutating func validate() throws {
        if data != nil, dataFile != nil { throw ValidationError("--data and --data-file cannot be combined") }
        guard ["interactive", "output", "none"].contains(console) else {
            throw ValidationError("--console is '\(PlainText.short(console))', expected interactive, output or none")
        }
    }

    func run() async throws {
        let machine = try machineDescription()
        let job: GCPJob =
            image.hasSuffix(".tar.gz")
            ? .runFile(try google.publication(of: image, for: ["run", "gcp"]), machine) : .runImage(image, machine)
        try await google.run(job, level: global.level, web.certFile)
    }

    private func machineDescription() throws -> GCPMachine {
        let environment = Terminal.environment
        func value(_ option: String?, _ variable: String, _ otherwise: String) -> String {
            [option, environment[variable]].compactMap(\.self).first { !$0.isEmpty } ?? otherwise
        }
        var machine = GCPMachine(project: try google.projectID(for: ["run", "gcp"]))
        machine.name = name
        machine.zone = value(zone, "CLOUDSDK_COMPUTE_ZONE", machine.zone)
        machine.machine = value(self.machine, "CLOUDSDK_COMPUTE_MACHINE", machine.machine)
        machine.disks = try disks(environment["CLOUDSDK_DISK_SIZE"])
        machine.data =
            try dataFile.map { String(decoding: try HostFiles.read($0, limit: 256 << 10), as: UTF8.self) } ?? data
        machine.sshKeys = try sshKey.map { "root:\(try key($0))" }
        (machine.network, machine.subnetwork, machine.tags) = (network, subnet, tag)
        (machine.nested, machine.vtpm, machine.keeps) = (google.nestedVirt, vtpm, skipCleanup)
        machine.console = console == "output" ? .output : console == "none" ? .none : .interactive
        return machine
    }

    private func disks(_ size: String?) throws -> [(name: String?, size: Int)] {
        var disks: [(name: String?, size: Int)] = try disk.map { text in
            let disk = try Disk(parsing: text)
            return (disk.path, disk.size.map { ($0 + 1023) / 1024 } ?? 10)
        }
        if let size = try diskSize.map({ try gigabytes("\($0)", "--disk-size") })
            ?? size.flatMap({ $0.isEmpty ? nil : try gigabytes($0, "CLOUDSDK_DISK_SIZE") })
        {
            disks.append((nil, size))
        }
        return disks
    }

    private func gigabytes(_ text: String, _ option: String) throws -> Int {
        guard let size = Int(text), (1...GCPMachine.largestDisk).contains(size) else {
            throw RunError(
                "\(option) is '\(PlainText.short(text))', expected a whole number of GB from 1 to \(GCPMachine.largestDisk)",
                hint: "leave it out to add no disk")
        }
        return size
    }

    /// An entry of the metadata has one key.
    private func key(_ path: String) throws -> String {
        let keys = try PublicKeys.read(path)
        guard keys.count == 1 else {
            throw RunError(
                "'\(PlainText.short(path))' has \(keys.count) keys, expected one",
                hint: "repeat --ssh-key with a file for each")
        }
        return keys[0]
    }
}
