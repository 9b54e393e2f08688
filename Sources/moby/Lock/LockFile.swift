internal import ArgumentParser
internal import Extents
internal import MobyBuild
internal import MobySpec
internal import OCI

/// Options of the commands that use a lock.
struct LockOptions: ParsableArguments {
    @Flag(help: "Refuse every input that the lock does not have; without a lock, all.") var frozen = false
    @Option(
        help: ArgumentHelp(
            "The lock (default: SPEC.lock.yml next to the first spec file, if it exists).", valueName: "file"),
        completion: .file(extensions: ["yml", "yaml"]))
    var lock: String?
}

/// The lock of spec files.
struct LockFile {
    /// As messages name it.
    let path: String
    let lock: SpecLock
    private let specs: [String]

    /// The lock of a bundle.
    init(_ bundle: Bundle) {
        path = bundle.path
        lock = bundle.lock
        specs = bundle.specs.map(\.name)
    }

    private init(path: String, lock: SpecLock, specs: [String]) {
        (self.path, self.lock, self.specs) = (path, lock, specs)
    }

    /// The lock of spec files.
    /// - Returns: nil when there is none, and none is asked for.
    /// - Throws: `SpecError` for one that is wrong; `BuildError` when one is required; `FileError`.
    static func find(_ specs: [String], _ options: LockOptions) throws -> LockFile? {
        try find(specs, at: options.lock, isFrozen: options.frozen)
    }

    /// - Parameter named: the lock that is asked for.
    static func find(_ specs: [String], at named: String?, isFrozen: Bool) throws -> LockFile? {
        guard let path = named ?? path(of: specs) else {
            guard isFrozen else { return nil }
            throw BuildError(
                "--frozen: standard input has no lock", hint: "name one with --lock, or give the spec as a file")
        }
        guard try named != nil || HostFiles.exists(path) else {
            guard isFrozen else { return nil }
            throw BuildError(
                "--frozen: the lock '\(PlainText.short(path))' does not exist",
                hint: "write it: moby lock \(specs.map { PlainText.short($0) }.joined(separator: " "))")
        }
        return LockFile(path: path, lock: try LockReader.read(try SpecInput.text(path), file: path), specs: specs)
    }

    /// Where the lock of spec files is; nil for standard input.
    static func path(of specs: [String]) -> String? { specs.first.flatMap { LockReader.path(of: $0) } }

    /// The absolute folder of a lock, which its package folders are relative to.
    static func base(_ path: String) -> String { HostFiles.absolute(PartialFiles.folder(of: path)) }

    func check(_ platform: Platform) -> LockCheck {
        LockCheck(lock, file: path, specs: specs, platform: platform)
    }

    /// Errors and warnings about what a build would use and the lock has not, or has otherwise.
    /// - Throws: `Diagnostic`, `FileError` for files that cannot be read.
    func problems(
        _ spec: Spec, _ packages: Packages, _ platform: Platform, home: String? = Terminal.environment["HOME"],
        isFrozen: Bool
    ) throws -> [Diagnostic] {
        try check(platform).problems(
            spec, packages: packages.locked(base: Self.base(path)).filter { $0.platform == platform }, home: home,
            isFrozen: isFrozen)
    }
}
