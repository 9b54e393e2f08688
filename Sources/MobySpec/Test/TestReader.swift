internal import Extents
internal import MachineModel

/// Reads test files, strictly: what it does not know is an error.
public enum TestReader {
    /// What a file's name ends like.
    public static let suffixes = [".test.yml", ".test.yaml"]

    public static func isTest(_ name: String) -> Bool { suffixes.contains { name.hasSuffix($0) } }

    /// - Parameters:
    ///   - outputFormats: the names of the formats that can be built.
    ///   - bootable: those of them that QEMU can boot.
    /// - Throws: `SpecError` with every error.
    public static func read(_ text: String, file: String, outputFormats: [String], bootable: [String]) throws
        -> TestSpec
    {
        var diagnostics: [Diagnostic] = []
        guard let root = YAMLReader.read(text, file: file, &diagnostics), !root.isNull else {
            let empty = Diagnostic(
                at: SourceLocation(file: file, line: 1, column: 1), "the test file is empty",
                hint: "write what is expected: 'expect: [up]'")
            throw SpecError(diagnostics.isEmpty ? [empty] : diagnostics)
        }
        var reading = Reading()
        let test = KeyTable.test.read(root, into: TestSpec(), &reading)
        diagnostics += reading.problems
        if let test {
            diagnostics += TestCheck(test, outputFormats: outputFormats, bootable: bootable).found
        }
        guard let test, diagnostics.isEmpty else { throw SpecError(diagnostics) }
        return test
    }
}

extension TestSpec {
    /// The names in a test that its spec does not have.
    public func problems(in spec: Spec) -> [Diagnostic] {
        (expect ?? []).compactMap { step in
            switch step.expectation {
            case .service(let service):
                Self.error("service", service.name, spec.services.map(\.name), at: step.location)
            case .exec(let exec):
                exec.container.flatMap { Self.error("container", $0, spec.containers.map(\.name), at: step.location) }
            case .file(let file):
                file.container.flatMap { Self.error("container", $0, spec.containers.map(\.name), at: step.location) }
            default: nil
            }
        }
    }

    private static func error(_ noun: String, _ name: String, _ names: [String], at location: SourceLocation?)
        -> Diagnostic?
    {
        guard !names.contains(name) else { return nil }
        let list = names.isEmpty ? "it has none" : "it has \(names.prefix(20).joined(separator: ", "))"
        return Diagnostic(
            at: location, "the spec has no \(noun) '\(PlainText.short(name))'",
            hint: Spelling.closest(to: name, in: names).map { "did you mean '\($0)'?" } ?? list)
    }
}

/// What the values of a test file mean together.
struct TestCheck {
    private(set) var found: [Diagnostic] = []
    private let outputFormats: [String]

    init(_ test: TestSpec, outputFormats: [String], bootable: [String]) {
        self.outputFormats = outputFormats
        for format in test.machine.formats { check(format, among: bootable) }
        for arch in test.machine.arches { check(arch: arch) }
        let steps = test.expect ?? []
        for step in steps {
            check(step)
            checkAbsence(step)
        }
        for (index, step) in steps.enumerated() {
            guard case .poweroff = step.expectation, index < steps.count - 1 else { continue }
            found.append(
                Diagnostic(
                    at: step.location, "'poweroff' is followed by other steps",
                    hint: "make it the last, or write 'reboot'"))
        }
    }

    private mutating func check(_ format: Located<String>, among bootable: [String]) {
        guard !bootable.contains(format.value) else { return }
        let isKnown = outputFormats.contains(format.value)
        found.append(
            Diagnostic(
                at: format.location,
                isKnown
                    ? "format '\(format.value)' cannot be booted by QEMU as it is"
                    : "unknown output format '\(PlainText.short(format.value))'",
                hint: isKnown ? "one of \(bootable.joined(separator: ", "))" : guess(format.value, bootable)))
    }

    private func guess(_ word: String, _ words: [String]) -> String {
        Spelling.closest(to: word, in: words).map { "did you mean '\($0)'?" }
            ?? "one of \(words.joined(separator: ", "))"
    }

    private mutating func check(arch: Located<String>) {
        guard Architecture(named: arch.value) == nil else { return }
        let names = Architecture.virtualMachines.map(\.name)
        found.append(
            Diagnostic(
                at: arch.location, "unknown architecture '\(PlainText.short(arch.value))'",
                hint: guess(arch.value, names)))
    }

    private mutating func checkAbsence(_ step: TestStep) {
        guard case .file(let file) = step.expectation, file.isAbsent else { return }
        for (key, isSet) in [("content", file.content != nil), ("mode", file.mode != nil)] where isSet {
            found.append(
                Diagnostic(
                    at: step.location, "'absent' and '\(key)' cannot be combined",
                    hint: "a file that does not exist has no \(key)"))
        }
    }

    private mutating func check(_ step: TestStep) {
        guard case .metric(let budgets) = step.expectation else { return }
        let names = Budget.times + Budget.sizes + outputFormats
        for budget in budgets where names.contains(budget.name.value) && !Budget.times.contains(budget.name.value) {
            guard case .time = budget.limit else { continue }
            found.append(
                Diagnostic(
                    at: budget.name.location, "metric '\(budget.name.value)' is a size, not a time",
                    hint: "write \"<= 30M\""))
        }
        for budget in budgets where !names.contains(budget.name.value) {
            let word = budget.name.value
            found.append(
                Diagnostic(
                    at: budget.name.location, "unknown metric '\(PlainText.short(word))'",
                    hint: Spelling.closest(to: word, in: names).map { "did you mean '\($0)'?" }
                        ?? "one of \((Budget.times + Budget.sizes).joined(separator: ", ")), or an output format"))
        }
    }
}
