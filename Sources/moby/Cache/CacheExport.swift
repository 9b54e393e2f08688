internal import ArgumentParser
internal import Extents
internal import Glibc
internal import OCI

struct CacheExport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write an image of the store as a tar archive.",
        discussion:
            "Formats: oci (an OCI image layout), docker (for 'docker load' too), filesystem (the files themselves).")

    @OptionGroup var global: StoreOptions
    @Option(help: ArgumentHelp("The archive; '-' is standard output.", valueName: "file"), completion: .file())
    var outfile: String
    @Option(
        help: "oci, docker or filesystem.", completion: .list(["oci", "docker", "filesystem"]), transform: Self.form)
    var format = ContentStore.ExportForm.oci
    @Option(help: ArgumentHelp("Platform (default: this machine's).", valueName: "os/arch[/variant]")) var platform:
        String?
    @Option(name: .customLong("name"), help: "Another name in the archive.") var newName: String?
    @Argument(help: "Name of an image in the store.", completion: Completions.images) var name: String

    func run() throws {
        let store = try global.storeToRead()
        let platform = try self.platform.map(Self.platform) ?? .host
        guard outfile != "-" else {
            try Terminal.checkBinaryOutput(hint: "redirect it, or name a file with --outfile")
            var output = try FileSink(descriptor: STDOUT_FILENO, name: Terminal.outputName)
            try store.export(name, as: newName, platform: platform, format) { try output.write($0) }
            return try output.flush()
        }
        try ExtentWriter.stream(to: outfile) { sink in
            try store.export(name, as: newName, platform: platform, format) { try sink.write($0) }
        }
    }

    private static func form(_ text: String) throws -> ContentStore.ExportForm {
        guard let form = ContentStore.ExportForm(rawValue: text) else {
            throw ValidationError("--format is '\(text)', expected oci, docker or filesystem")
        }
        return form
    }

    private static func platform(_ text: String) throws -> Platform {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (2...3).contains(parts.count), !parts.contains("") else {
            throw ValidationError(
                "--platform is '\(text)', expected os/arch or os/arch/variant, for example linux/arm64")
        }
        let architecture = Platform.architecture(named: parts[1]) ?? parts[1]
        return Platform(os: parts[0], architecture: architecture, variant: parts.count == 3 ? parts[2] : nil)
    }
}
