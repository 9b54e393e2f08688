internal import ArgumentParser

struct PushGCP: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gcp", abstract: "Upload a disk to Google Cloud and make an image of it.",
        usage: "moby push gcp [options] <file>.img.tar.gz",
        discussion: "An image of the same name is replaced. The default bucket is created when it does not exist.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var web: WebOptions
    @OptionGroup var google: GCPOptions
    @Argument(help: "A disk of 'moby build --format gcp'.", completion: .file(extensions: ["gz"])) var file: String

    func run() async throws {
        try await google.run(try google.publication(of: file), nil, level: global.level, web.certFile)
    }
}
