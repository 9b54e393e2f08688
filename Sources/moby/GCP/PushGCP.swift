internal import ArgumentParser

struct PushGCP: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gcp", abstract: "Store a disk in Google Cloud and make an image of it.",
        usage: "moby push gcp [options] <file>.img.tar.gz",
        discussion: "An image of the same name is replaced. A bucket that is not named is made when it is not there.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var google: GCPOptions
    @Argument(help: "A disk of 'moby build --format gcp'.") var file: String

    func run() async throws { try await google.run(try google.publication(of: file), nil, global) }
}
