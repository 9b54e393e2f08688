internal import ArgumentParser
internal import MobyBuild
internal import MobySpec
internal import OCI

struct Lint: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print every fault of YAML files, offline.",
        discussion: """
            Exit code 0 when there is none, 2 when there are errors. Nothing is fetched but a file named by its URL, nothing is written. Containers whose images the \
            store has are looked at as a build would: whether the program is in the image, whether what is bound into it is there.
            """)

    @OptionGroup var global: GlobalOptions
    @Flag(help: "Merge the files as 'build' does, instead of looking at each alone.") var merge = false
    @Argument(help: "YAML files; '-' is standard input.") var files: [String]

    func run() async throws {
        var faults: [Diagnostic] = []
        let store = try global.store()
        let packages = Packages(store: store, platform: .host, level: global.level)
        for group in merge ? [files] : files.map({ [$0] }) {
            do {
                let spec = try await SpecInput.spec(group, global) { try packages.reference($0) }
                faults += OutputCheck(spec).found
                faults += try await MobyBuild.Lint(store: store, options: BuildOptions()).images(spec)
            } catch let error as SpecError {
                faults += error.diagnostics
            }
        }
        guard !faults.contains(where: { $0.severity == .error }) else { throw SpecError(faults) }
        if !faults.isEmpty { Terminal.error(SpecInput.render(faults)) }
    }
}
