internal import ArgumentParser
internal import Extents
internal import JSON
internal import MobyBuild
internal import MobySpec
internal import OCI

/// Registries by which machines share what they build.
struct SharedCacheOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Take what other machines built from this repository; repeatable (default: $MOBY_CACHE_FROM).",
            valueName: "repository"))
    var cacheFrom: [String] = []
    @Option(
        help: ArgumentHelp(
            "Send what the build made to this repository (default: $MOBY_CACHE_TO).", valueName: "repository"))
    var cacheTo: String?
    @Flag(help: "Also send roots of disks, which hold the files of the spec, secret or not.") var cacheRoots = false
    @OptionGroup var signing: SignerOptions

    mutating func validate() throws {
        if signing.isGiven, cacheTo == nil, Self.target == nil {
            throw ValidationError("--key and --signer sign what --cache-to sends, which is missing")
        }
    }

    var isGiven: Bool { !cacheFrom.isEmpty || cacheTo != nil }

    /// - Parameter option: another option of the command.
    func refuse(with option: String) throws {
        guard isGiven else { return }
        throw ValidationError("\(option) and \(cacheFrom.isEmpty ? "--cache-to" : "--cache-from") cannot be combined")
    }

    private static var target: String? {
        Terminal.environment["MOBY_CACHE_TO"].flatMap { $0.isEmpty ? nil : $0 }
    }

    private static var sources: [String] {
        (Terminal.environment["MOBY_CACHE_FROM"] ?? "").split { $0 == " " || $0 == "," }.map(String.init)
    }

    /// - Throws: errors of the key.
    func options() throws -> SharedCache.Options {
        var options = SharedCache.Options()
        options.from = cacheFrom.isEmpty ? Self.sources : cacheFrom
        options.to = cacheTo ?? Self.target
        options.sendsFiles = cacheRoots
        options.signer = try signing.signerIfAny()
        return options
    }
}

extension SharedCacheReport {
    /// One line for people; nil when nothing was asked for.
    var text: String {
        var parts: [String] = []
        if found + missing + refused > 0 {
            parts.append("\(Self.entries(found)) received, \(Terminal.size(received)); \(missing) not there")
            if refused > 0 { parts.append("\(refused) refused") }
            if avoided > 0 { parts.append("\(Terminal.size(avoided)) of layers not needed") }
        }
        if sent + present > 0 {
            parts.append("\(Self.entries(sent)) sent, \(Terminal.size(sentBytes))")
            parts.append("\(present) already there, \(Terminal.size(presentBytes))")
        }
        return "shared cache: " + (parts.isEmpty ? "not used" : parts.joined(separator: "; "))
    }

    private static func entries(_ count: Int) -> String { count == 1 ? "1 entry" : "\(count) entries" }

    var json: JSONValue {
        .object([
            ("found", .integer(UInt64(found))), ("missing", .integer(UInt64(missing))),
            ("refused", .integer(UInt64(refused))), ("receivedBytes", .integer(received)),
            ("avoidedBytes", .integer(avoided)), ("sent", .integer(UInt64(sent))),
            ("present", .integer(UInt64(present))), ("sentBytes", .integer(sentBytes)),
            ("presentBytes", .integer(presentBytes)),
        ])
    }
}
