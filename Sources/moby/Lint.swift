internal import ArgumentParser
internal import Extents
internal import JSON
internal import MobyBuild
internal import MobyRun
internal import MobySpec
internal import OCI

struct Lint: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint", abstract: "Report all errors in YAML files, offline.",
        discussion: HelpText.discussion(
            """
            Reports what a build would report before it fetches anything; only spec files named by URLs are fetched. Tests, locks and policies are files too. With a policy, every \
            image must be covered by it. Images in the store are checked: \
            init and runc, the programs of containers and the files bound into them, the kernel's modules. Exit codes: 0 no error; 2 errors; 1 a file \
            or local image could not be read and there are no other errors.
            """,
            examples: ["moby lint --strict web.yml", "moby lint --format github examples/*.yml"],
            page: "docs/building.md#checks"))

    @OptionGroup(title: "Check options") var check: LintOptions
    @OptionGroup(title: "Variable options") var variables: VariableOptions
    @OptionGroup(title: "Lock options") var lock: LockOptions
    @OptionGroup var policy: PolicyOption
    @OptionGroup var global: SourceOptions
    @Argument(help: "YAML files; '-' is standard input.", completion: Completions.specs) var files: [String]

    func run() async throws {
        var found = try await findings()
        if check.strict { found.diagnostics = found.diagnostics.map(\.asError) }
        let status = found.status
        if global.level == 0 { found.leaveErrors() }
        switch check.form {
        case .text: found.print()
        case .json: print(found.report.json.text(indent: 2))
        case .github: print(found.report.github, terminator: "")
        case .sarif: print(found.report.sarif(version: Version.text, file: files.first ?? "-").text(indent: 2))
        }
        if status != 0 { throw ExitCode(status) }
    }

    private func findings() async throws -> LintFindings {
        let packages = try Packages(store: global.storeToRead(), provider: options().provider, level: global.level)
        let values = try variables.values()
        var found = LintFindings()
        for group in check.merge ? [files] : files.map({ [$0] }) {
            do { try await examine(group, packages, values, &found) } catch let error as SourceErrors {
                found.add(error)
            } catch let error as SpecError {
                found.diagnostics += error.diagnostics
            } catch let error as Diagnostic {
                found.diagnostics.append(error)
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                found.add(SourceErrors([(group.last ?? "", error)]))
            }
        }
        // A file that was not read may be the one that uses it.
        let expected = check.merge ? 1 : files.count - found.others
        if found.specs.count == expected { found.diagnostics += values.unused(by: found.specs) }
        found.notes += (global.level > 1 ? packages.notes() : []) + Self.note(found.absent)
        return found
    }

    /// Checks one spec, test file or lock.
    private func examine(_ group: [String], _ own: Packages, _ values: Variables, _ found: inout LintFindings)
        async throws
    {
        if let problems = try await TestInput.problems(in: group, global, variables, own) {
            found.diagnostics += problems
            found.others += 1
            return
        }
        if group.count == 1, let problems = try Self.problems(ofOther: group[0]) {
            found.diagnostics += problems
            found.others += 1
            return
        }
        var options = try options()
        let (store, platform) = (try global.storeToRead(), options.provider.platform)
        let lock = try LockFile.find(group, lock)
        let packages =
            lock == nil
            ? own : try Packages(store: store, provider: options.provider, level: global.level, lock: lock?.lock)
        var (spec, warnings) = try await SpecInput.read(
            group, global, values, isOffline: check.offline, lock: lock?.check(platform)
        ) { try packages.reference($0) }
        found.specs.append(spec)
        if let lock {
            warnings += try lock.problems(spec, packages, platform, isFrozen: self.lock.frozen)
            options.provider.pins = lock.lock.pins(file: lock.path)
        }
        let result = try await Linter(store: store, options: options).check(spec)
        if let policy = try policy.check ?? PolicyCheck(of: spec) { warnings += policy.problems(spec) }
        found.diagnostics += (warnings + OutputCheck(spec).found + result.diagnostics).map {
            $0.located(in: group.last)
        }
        found.unavailable += result.unavailable
        found.notes += result.notes
        found.absent.formUnion(result.absent)
    }

    /// What is wrong with a lock or a policy; nil for another file.
    private static func problems(ofOther file: String) throws -> [Diagnostic]? {
        if LockReader.isLock(file) {
            _ = try LockReader.read(SpecInput.text(file), file: file)
            return []
        }
        guard file != "-", !SpecDownload.isURL(file), try Policy.isPolicy(file, text: SpecInput.text(file)) else {
            return nil
        }
        let policy = try PolicyCheck(file: file)
        return policy.warnings
    }

    private func options() throws -> BuildOptions {
        var options = BuildOptions()
        options.home = Terminal.environment["HOME"]
        if let arch = check.architecture.arch { options.provider.platform = arch }
        options.bootLoaders = try Packages.ownBootLoaders?.text
        return options
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

/// What `moby lint` checks, and how it reports.
struct LintOptions: ParsableArguments {
    /// Where findings go, and in what form.
    enum Form: String, CaseIterable, ExpressibleByArgument {
        /// For people, on standard error.
        case text
        case json
        case github
        case sarif
    }

    @Flag(help: "Merge the files as 'build' does, instead of checking each alone.") var merge = false
    @Flag(help: "Treat warnings as errors.") var strict = false
    @Option(
        help: ArgumentHelp("Form of the findings; github writes annotations (default: text).", valueName: "form"),
        completion: .list(Form.allCases.map(\.rawValue)))
    var format: Form?
    @Flag(help: "The same as --format json.") var json = false
    @OptionGroup var architecture: ArchitectureOption
    @Flag(help: "Use no network: a spec file that is named by its URL is an error.") var offline = false

    var form: Form { format ?? (json ? .json : .text) }

    mutating func validate() throws {
        if json, format != nil { throw ValidationError("--json and --format cannot be combined") }
    }
}

/// All that `moby lint` found in its files.
private struct LintFindings {
    /// Errors of the text, and warnings.
    var diagnostics: [Diagnostic] = []
    /// Local images that cannot be read, each where the file names it.
    var unavailable: [Diagnostic] = []
    var notes: [String] = []
    /// The specs that were read.
    var specs: [Spec] = []
    /// How many files were no specs: tests, locks, policies.
    var others = 0
    /// Images that the store does not have.
    var absent: Set<String> = []
    private var unreadable: [(file: String, error: any Error)] = []

    mutating func add(_ problems: SourceErrors) {
        unreadable += problems.unreadable
        diagnostics += problems.diagnostics
    }

    /// 2 for errors of the text, else 1 for what could not be read, else 0.
    var status: Int32 {
        if diagnostics.contains(where: { $0.severity == .error }) { return 2 }
        return unavailable.isEmpty && unreadable.isEmpty ? 0 : 1
    }

    mutating func leaveErrors() {
        diagnostics.removeAll { $0.severity == .warning }
        notes = []
    }

    /// For people, to standard error.
    func print() {
        BuildReport.note(notes, level: 1)
        for (_, error) in unreadable { ErrorReport.print(error) }
        let all = unavailable + diagnostics
        let isWrong = all.contains { $0.severity == .error }
        if !all.isEmpty { Terminal.error(SpecInput.render(all), isWrong ? .error : .warning) }
    }

    var report: DiagnosticReport {
        let files = unreadable.map { file, error in
            DiagnosticReport.Finding(
                .unavailable, file: file.isEmpty ? nil : SpecInput.shownName(file), ErrorReport.text(error),
                hint: (error as? any HintedError)?.hint)
        }
        return DiagnosticReport(
            files + unavailable.map { DiagnosticReport.Finding($0, isUnavailable: true) }
                + diagnostics.map { DiagnosticReport.Finding($0) } + notes.map { DiagnosticReport.Finding(.note, $0) })
    }
}

extension Diagnostic {
    /// A message about a whole file, with the file's name.
    fileprivate func located(in file: String?) -> Diagnostic {
        guard location == nil, let file else { return self }
        var located = self
        located.location = SourceLocation(file: SpecInput.shownName(file), line: 1, column: 1)
        return located
    }
}
