internal import ArgumentParser
internal import Glibc
internal import MobyRun
internal import OCI

/// Options of every verb, before it or behind it.
struct GlobalOptions: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Print errors only.") var quiet = false
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("How much to say: 0 errors, 1 results (default), 2 segments and timings.", valueName: "0-3"))
    var verbose = 1
    @Option(help: ArgumentHelp("Folder of the image store (default: $MOBY_CACHE, else ~/.cache/moby).", valueName: "dir"))
    var cache: String?
    @Option(help: ArgumentHelp("Try a mirror before the origin; repeatable.", valueName: "[registry=]url")) var mirror: [String] = []
    @Option(help: ArgumentHelp("Trust the certificates of a PEM file as well; repeatable.", valueName: "file"))
    var certFile: [String] = []
    @Option(help: ArgumentHelp("Talk plain HTTP to this registry; repeatable.", valueName: "host[:port]"))
    var insecureRegistry: [String] = []
    @Option(help: ArgumentHelp("Talk TLS to this registry though it is on this machine; repeatable.", valueName: "host[:port]"))
    var tlsRegistry: [String] = []
    @Option(help: ArgumentHelp("Most that one layer may unpack to: a number of GiB, or with M or G (default: 64G).", valueName: "size"))
    var layerLimit: String?

    mutating func validate() throws {
        if quiet, verbose > 1 { throw ValidationError("--quiet and --verbose \(verbose) exclude each other") }
        guard (0...3).contains(verbose) else { throw ValidationError("--verbose is \(verbose), expected 0 to 3") }
    }

    /// The level that counts: 0 is quiet.
    var level: Int { quiet ? 0 : verbose }

    var storePath: String { cache ?? ContentStore.defaultPath(environment: Terminal.environment) }

    func store() throws -> ContentStore {
        var store = try ContentStore(path: storePath)
        if let layerLimit {
            store.layerLimit = UInt64(try MemorySize.mebibytes(layerLimit, unit: .gibibytes, option: "--layer-limit")) << 20
        }
        return store
    }

    /// Moves options that stand before the verb behind it: `moby -v 2 build x.yml` is `moby build -v 2 x.yml`.
    static func afterVerb(_ arguments: [String]) -> [String] {
        let valued: Set = [
            "-v", "--verbose", "--cache", "--mirror", "--cert-file", "--insecure-registry", "--tls-registry", "--layer-limit",
        ]
        var leading: [String] = []
        var rest = arguments[...]
        while let first = rest.first, first.hasPrefix("-"), first != "--", !["-h", "--help", "--version"].contains(first) {
            leading.append(rest.removeFirst())
            if valued.contains(first), let value = rest.first {
                leading.append(value)
                rest.removeFirst()
            }
        }
        guard let verb = rest.first else { return arguments }
        var behind = [verb]
        rest.removeFirst()
        let nouns = ["run": ["qemu", "gcp"], "push": ["gcp"]]
        if ["pkg", "cache", "metadata", "run", "push"].contains(verb), let noun = rest.first, !noun.hasPrefix("-"),
            nouns[verb]?.contains(noun) ?? true
        {
            behind.append(noun)
            rest.removeFirst()
        }
        return behind + leading + rest
    }
}
