internal import ArgumentParser
internal import Glibc
internal import OCI

struct CacheImport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Take the images of an archive into the store.",
        discussion: "An archive is what 'moby cache export', 'docker save' and skopeo write, compressed or not.")

    @OptionGroup var global: StoreOptions
    @Option(
        help: ArchitectureOption.help, completion: Completions.architectures, transform: ArchitectureOption.platform)
    var arch: Platform?
    @Option(help: "Name for the image, instead of the archive's.") var name: String?
    @Argument(help: "The archive; '-' is standard input.", completion: .file()) var file: String

    func run() throws {
        let store = try global.store()
        let platform = arch ?? .host
        let entries =
            file == "-"
            ? try store.importArchive(from: STDIN_FILENO, as: name, platform: platform)
            : try store.importArchive(file, as: name, platform: platform)
        if global.level > 0 { entries.forEach { print($0.name, $0.descriptor.digest) } }
    }
}
