internal import ArgumentParser
internal import Glibc
internal import MobySpec
internal import OCI

struct Lint: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print every fault of YAML files, offline.",
        discussion: "Exit code 0 when there is none, 2 when there are errors. Nothing is fetched, nothing is written.")

    @OptionGroup var global: GlobalOptions
    @Flag(help: "Merge the files as 'build' does, instead of looking at each alone.") var merge = false
    @Argument(help: "YAML files; '-' is standard input.") var files: [String]

    func run() throws {
        var faults: [Diagnostic] = []
        let packages = Packages(store: try global.store(), platform: .host, level: global.level)
        for group in merge ? [files] : files.map({ [$0] }) {
            do {
                _ = try SpecInput.spec(group) { try packages.reference($0) }
            } catch let error as SpecError {
                faults += error.diagnostics
            }
        }
        guard faults.isEmpty else { throw SpecError(faults) }
    }
}
