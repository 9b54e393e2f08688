internal import ArgumentParser

struct Pkg: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make images out of Debian packages and files.",
        subcommands: [PkgBuild.self, PkgShowTag.self, PkgLock.self])
}
