internal import ArgumentParser
internal import Extents
internal import FoundationEssentials
internal import Glibc
internal import MobyRun

struct MetadataCreate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Write a CD with user data.",
        usage: "moby metadata create [options] <disc>.iso [<data>]",
        discussion: """
            The CD has one file, 'config', as 'moby run --data' makes it; with a hostname or keys it is a NoCloud disc, 'cidata', with \
            'user-data' and 'meta-data'. The image pkg/metadata reads both.
            """)

    @OptionGroup var global: GlobalOptions
    @Option(help: ArgumentHelp("File with the user data.", valueName: "file")) var dataFile: String?
    @Option(help: ArgumentHelp("The machine's name.", valueName: "name")) var hostname: String?
    @Option(help: ArgumentHelp("File of public keys that may log in; repeatable.", valueName: "file")) var sshKey: [String] = []
    @Argument(help: "The CD to write, as 'seed.iso'.") var disc: String
    @Argument(help: "User data, a text; without it --data-file, --hostname or --ssh-key.") var data: String?

    mutating func validate() throws {
        if data != nil, dataFile != nil { throw ValidationError("user data on the command line and --data-file exclude each other") }
        if data == nil, dataFile == nil, !isNamed {
            throw ValidationError("no user data, expected a text, --data-file, --hostname or --ssh-key")
        }
        if let hostname, !Self.isHostname(hostname) {
            throw ValidationError(
                "--hostname is '\(hostname)', expected parts of letters, digits and '-', at most 63 each and 253 in all, with '.' between them (RFC 1123)"
            )
        }
    }

    /// RFC 1123, section 2.1: letters, digits and '-', which is neither first nor last.
    private static func isHostname(_ text: String) -> Bool {
        text.utf8.count <= 253
            && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
                (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                    && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
            }
    }

    private var isNamed: Bool { hostname != nil || !sshKey.isEmpty }

    func run() throws {
        let userData = try dataFile.map(Self.read) ?? Array((data ?? "").utf8)
        let image = try isNamed ? DataDisc.image(userData: userData, metaData: try metaData(userData)) : DataDisc.image(config: userData)
        try ExtentWriter.write(image, to: disc)
    }

    /// What NoCloud's `meta-data` has; JSON is YAML too.
    private struct Facts: Encodable {
        let id: String
        let hostname: String?
        let keys: [String]?

        enum CodingKeys: String, CodingKey {
            case id = "instance-id"
            case hostname = "local-hostname"
            case keys = "public-keys"
        }
    }

    private func metaData(_ userData: [UInt8]) throws -> [UInt8] {
        var keys: [String] = []
        for path in sshKey { keys += try Self.keys(in: path) }
        // Another instance for cloud-init when anything is different.
        let all = ([hostname ?? ""] + keys).joined(separator: "\n")
        let id = "iid-" + SHA256.hash(userData + [0] + Array(all.utf8)).prefix(16)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(Facts(id: id, hostname: hostname, keys: keys.isEmpty ? nil : keys))) + [0x0A]
    }

    private static func keys(in path: String) throws -> [String] {
        let text = String(decoding: try read(path), as: UTF8.self)
        if text.contains("PRIVATE KEY") {
            throw ValidationError("--ssh-key: '\(path)' is a private key, expected the public one, '\(path).pub'")
        }
        let lines = text.split(whereSeparator: \.isNewline).map(String.init).filter { $0.contains(" ") && !$0.hasPrefix("#") }
        guard !lines.isEmpty else { throw ValidationError("--ssh-key: no public key in '\(path)'") }
        return lines
    }

    private static func read(_ path: String) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else { throw FileError("read", path) }
        return Array(data)
    }
}
