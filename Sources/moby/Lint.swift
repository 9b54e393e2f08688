internal import ArgumentParser
internal import Extents
internal import MobyBuild
internal import MobySpec
internal import OCI

struct Lint: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint", abstract: "Report all errors in YAML files, offline.",
        discussion: """
            Reports what a build would report before it fetches anything; only spec files named by URLs are fetched. Images in the store are checked: \
            init and runc, the programs of containers and the files bound into them, the kernel's modules. Exit codes: 0 no error; 2 errors; 1 a file \
            could not be read and the others have no error.
            """)

    @OptionGroup var global: SourceOptions
    @Option(
        help: ArchitectureOption.help, completion: Completions.architectures, transform: ArchitectureOption.platform)
    var arch: Platform?
    @Flag(help: "Merge the files as 'build' does, instead of checking each alone.") var merge = false
    @Flag(help: "Treat warnings as errors.") var strict = false
    @Argument(help: "YAML files; '-' is standard input.", completion: Completions.specs) var files: [String]

    func run() async throws {
        var options = BuildOptions()
        options.home = Terminal.environment["HOME"]
        if let arch { options.provider.platform = arch }
        let store = try global.storeToRead()
        let packages = Packages(store: store, platform: options.provider.platform)
        options.bootLoaders = Packages.ownBootLoaders
        let lint = Linter(store: store, options: options)
        var (faults, notes, absent): ([Diagnostic], [String], Set<String>) = ([], [], [])
        var unreadable: [any Error] = []
        for group in merge ? [files] : files.map({ [$0] }) {
            do {
                let (spec, warnings) = try await SpecInput.read(group, global) { try packages.reference($0) }
                let result = try await lint.check(spec)
                faults += warnings + OutputCheck(spec).found + result.diagnostics.map { $0.located(in: group.last) }
                notes += result.notes
                absent.formUnion(result.absent)
            } catch let error as SpecError {
                faults += error.diagnostics
            } catch let error as Diagnostic {
                faults.append(error)
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                unreadable.append(error)
            }
        }
        if strict { faults = faults.map(\.asError) }
        BuildReport.note(notes + Self.note(absent), level: global.level)
        for error in unreadable.dropLast() { ErrorReport.print(error) }
        let hasErrors = faults.contains { $0.severity == .error }
        if global.level == 0 { faults.removeAll { $0.severity == .warning } }
        if let error = unreadable.last {
            if !hasErrors {
                if !faults.isEmpty { Terminal.error(SpecInput.render(faults)) }
                throw error
            }
            ErrorReport.print(error)
        }
        if hasErrors { throw SpecError(faults) }
        if !faults.isEmpty { Terminal.error(SpecInput.render(faults)) }
    }

    /// One line for all images that the store does not have.
    private static func note(_ absent: Set<String>) -> [String] {
        guard !absent.isEmpty else { return [] }
        let names = absent.sorted().prefix(3).map { "'\(PlainText.short($0))'" }.joined(separator: ", ")
        let others = absent.count > 3 ? " and \(absent.count - 3) more" : ""
        let (are, were) = absent.count == 1 ? ("image is", "was") : ("images are", "were")
        return ["\(absent.count) \(are) not in the store and \(were) not checked: \(names)\(others); a build gets them"]
    }
}

extension Diagnostic {
    /// A message about a whole file, with the file's name.
    fileprivate func located(in file: String?) -> Diagnostic {
        guard location == nil, let file else { return self }
        var located = self
        located.location = SourceLocation(file: file == "-" ? "<stdin>" : file, line: 1, column: 1)
        return located
    }
}
