internal import Extents
internal import Glibc
internal import Subprocess

/// A folder in which apt keeps its lists and state apart from the machine's, so that an ordinary user can resolve and
/// fetch packages. Sources, keys, preferences and proxies are the machine's own, unless a file of sources is given.
struct AptRoot: Sendable {
    let path: String
    /// A Debian architecture.
    let architecture: String
    let environment: [String: String]
    /// How long other processes that use this root are waited for.
    let wait: LockWait

    /// A file of sources that replace the machine's.
    private let sources: String?

    /// - Parameter sources: a `.sources` file (sources.list(5)) that replaces the machine's sources, and that
    ///   ``DebianMirror/fill(_:)`` completes; nil for the machine's.
    init(
        cache: String, architecture: String, sources: String? = nil, environment: [String: String],
        wait: LockWait = LockWait()
    ) throws {
        self.wait = wait
        let release = sources.map {
            "-" + $0[($0.lastIndex(of: "/") ?? $0.startIndex)...].dropFirst().prefix { $0 != "." }
        }
        path = "\(cache)/apt/\(architecture)\(release ?? "")"
        self.sources = sources
        self.architecture = architecture
        self.environment = environment
        for folder in ["lists/partial", "cache/archives/partial", "log"] {
            try FolderTree.make("\(path)/\(folder)")
        }
        try writeWhenChanged(configuration + (sources == nil ? "" : ownSources), to: "\(path)/apt.conf")
        if try !HostFiles.exists("\(path)/status") { try writeWhenChanged("", to: "\(path)/status") }
    }

    /// Keeps other processes from using this root for as long as the value lives.
    func lock() async throws -> AptLock { try await AptLock("\(path)/lock", wait: wait) }

    /// Seconds since the lists were fetched; nil when they never were.
    /// - Throws: `FileError`.
    func age() throws -> Int? { try HostFiles.status("\(path)/updated").map { time(nil) - $0.st_mtim.tv_sec } }

    /// Fetches the package lists and checks their signatures.
    func update() async throws {
        if let sources {
            try FolderTree.make("\(path)/sources")
            let mirror = try await Self.mirror(environment, in: path)
            try writeWhenChanged(mirror.fill(HostFiles.text(sources)), to: "\(path)/sources/moby.sources")
        }
        try await run("apt-get", ["update", "-q"])
        try ExtentWriter.write(ExtentList(), to: "\(path)/updated")
    }

    /// The archive that ``DebianMirror/variable`` names, else that of the machine's own sources. Uses no network.
    /// - Throws: ``AptError/noMirror``, and what apt-get reports.
    static func mirror(_ environment: [String: String], in folder: String) async throws -> DebianMirror {
        if let named = environment[DebianMirror.variable], !named.isEmpty { return DebianMirror(archive: named) }
        let arguments = ["indextargets", "--no-release-info", "--format", DebianMirror.targetFormat]
        guard let mirror = DebianMirror(targets: try await start("apt-get", arguments, in: folder, environment)) else {
            throw AptError.noMirror
        }
        return mirror
    }

    /// Runs an apt program against this root. Locks of apt's own, which a process that outlived its moby may hold, are
    /// waited for.
    /// - Returns: what it wrote to standard output.
    /// - Throws: `AptError`, `BuildError`.
    @discardableResult
    func run(_ program: String, _ arguments: [String], in folder: String? = nil) async throws -> String {
        var printed = ""
        try await wait.acquire {
            do {
                printed = try await Self.start(
                    program, ["-c", "\(path)/apt.conf"] + arguments, in: folder ?? path, environment)
            } catch AptError.failed(_, let output) {
                guard let held = AptMessages.heldLock(output) else {
                    throw AptError.failed(program: program, output: output)
                }
                return HeldLock(path: held.path, holder: held.holder)
            }
            return nil
        }
        return printed
    }

    private static func start(
        _ program: String, _ arguments: [String], in folder: String, _ environment: [String: String]
    ) async throws -> String {
        // The thread that starts it lives as long as the process.
        let command = OrphanGuard.command + [program] + arguments
        var variables = environment
        variables["LC_ALL"] = "C.UTF-8"
        variables["DEBIAN_FRONTEND"] = "noninteractive"
        let values = Dictionary(uniqueKeysWithValues: variables.map { (Environment.Key(stringLiteral: $0), $1) })
        let result = try await whileThereIsSpace(in: folder) {
            try await Subprocess.run(
                .name("env"), arguments: Arguments(["--chdir=\(folder)"] + command), environment: .custom(values),
                output: .string(limit: 64 << 20), error: .string(limit: 1 << 20))
        }
        // env(1) and setpriv(1) end with 127 when the program does not exist.
        if result.terminationStatus == .exited(127) { throw AptError.missing(program: program) }
        guard result.terminationStatus.isSuccess else {
            throw AptError.failed(program: program, output: result.standardError)
        }
        return result.standardOutput
    }

    /// Runs an apt program; ends it when there is no space left, since apt then waits for ever.
    private static func whileThereIsSpace<Value: Sendable>(
        in path: String, _ work: @Sendable @escaping () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await work() }
            group.addTask {
                while !Task.isCancelled {
                    try await Task.sleep(for: .seconds(1))
                    if let free = FreeSpace.bytes(in: path), free < 1 << 20 {
                        throw FileError("write", path, code: ENOSPC)
                    }
                }
                return nil
            }
            guard let value = try await group.next() ?? nil else { throw CancellationError() }
            return value
        }
    }

    private func writeWhenChanged(_ text: String, to file: String) throws {
        guard try HostFiles.readIfFit(file, limit: 1 << 20) != Array(text.utf8) else { return }
        try ExtentWriter.write(ExtentList([.bytes(Array(text.utf8))]), to: file)
    }

    private var ownSources: String {
        """
        Dir::Etc::SourceList "/dev/null";
        Dir::Etc::SourceParts "\(path)/sources";
        Dir::Etc::Preferences "/dev/null";
        Dir::Etc::PreferencesParts "/dev/null";

        """
    }

    /// Given by `-c`, so it is read last. Hooks of the machine's own configuration would touch the machine: they are
    /// cleared.
    private var configuration: String {
        """
        #clear APT::Update::Pre-Invoke;
        #clear APT::Update::Post-Invoke;
        #clear APT::Update::Post-Invoke-Success;
        #clear DPkg::Pre-Invoke;
        #clear DPkg::Post-Invoke;
        #clear DPkg::Pre-Install-Pkgs;
        #clear APT::Architectures;
        #clear APT::Default-Release;
        Dir::State "\(path)";
        Dir::State::lists "\(path)/lists";
        Dir::State::status "\(path)/status";
        Dir::State::extended_states "\(path)/extended_states";
        Dir::Cache "\(path)/cache";
        Dir::Cache::archives "\(path)/cache/archives";
        Dir::Cache::pkgcache "pkgcache.bin";
        Dir::Cache::srcpkgcache "srcpkgcache.bin";
        Dir::Log "\(path)/log";
        APT::Architecture "\(architecture)";
        APT::Architectures { "\(architecture)"; };
        APT::Sandbox::User "";
        APT::Install-Recommends "false";
        APT::Install-Suggests "false";
        APT::Get::AllowUnauthenticated "false";
        Acquire::AllowInsecureRepositories "false";
        Acquire::Languages "none";
        Acquire::Retries "3";

        """
    }
}
