internal import ArgumentParser
internal import Extents

/// Options of LinuxKit's `build` that have nothing left to do here: taken, so that command lines keep working, or
/// answered.
struct LinuxKitOptions: ParsableArguments {
    @Flag(help: .hidden) var docker = false
    @Option(help: .hidden) var inputTar: String?
    @Flag(help: .hidden) var disableContentTrust = false
    @Flag(help: .hidden) var noSbom = false
    @Flag(help: .hidden) var sbomCurrentTime = false
    @Option(help: .hidden) var sbomOutput: String?

    mutating func validate() throws {
        if docker {
            throw ValidationError(
                "--docker is gone: no daemon is needed; name an exported image as 'docker-archive:FILE' instead")
        }
        if let sbomOutput {
            throw ValidationError(
                "--sbom-output '\(PlainText.short(sbomOutput))': no SBOM is written; leave the option out")
        }
    }

    /// What the user may want to know about the options given, a line each.
    var notes: [String] {
        inputTar == nil
            ? [] : ["note: --input-tar is not needed and not read: what has not changed comes out of the store"]
    }
}
