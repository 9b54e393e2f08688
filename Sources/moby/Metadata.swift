internal import ArgumentParser
internal import Extents
internal import FoundationEssentials
internal import MobyRun

struct Metadata: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metadata", abstract: "Create metadata CD images.",
        discussion: HelpText.discussion(
            examples: ["moby metadata create --hostname web web.iso"], page: "docs/metadata.md"),
        subcommands: [MetadataCreate.self])
}

struct MetadataCreate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Write a CD image with a machine's user data, name and keys.",
        usage: "moby metadata create [options] <file>.iso [<data>]",
        discussion: HelpText.discussion(
            """
            The image holds one file, 'config', as 'moby run --data' writes it. With a host name or keys it is a NoCloud image, labelled \
            'cidata', with 'user-data' and 'meta-data'. pkg/metadata reads both kinds.
            """, examples: ["moby metadata create --hostname web --ssh-key key.pub web.iso"],
            page: "docs/metadata.md"))

    @OptionGroup var global: GlobalOptions
    @Option(help: ArgumentHelp("File with the user data.", valueName: "file"), completion: .file()) var dataFile:
        String?
    @Option(help: ArgumentHelp("The machine's name.", valueName: "name")) var hostname: String?
    @Option(
        help: ArgumentHelp("File of public SSH keys that may log in; repeatable.", valueName: "file"),
        completion: .file())
    var sshKey: [String] = []
    @Argument(help: "The CD image to write, e.g. 'seed.iso'.", completion: .file(extensions: ["iso"])) var file: String
    @Argument(help: "User data as text; otherwise use --data-file, --hostname or --ssh-key.") var data: String?

    mutating func validate() throws {
        if data != nil, dataFile != nil {
            throw ValidationError("user data on the command line and --data-file cannot be combined")
        }
        if data == nil, dataFile == nil, !isNamed {
            throw ValidationError("no user data; expected a text, --data-file, --hostname or --ssh-key")
        }
        if let hostname, !Self.isHostname(hostname) {
            throw ValidationError(
                "--hostname is '\(PlainText.short(hostname))', expected parts of letters, digits and '-', at most 63 each and 253 in all, with '.' between them (RFC 1123)"
            )
        }
    }

    /// RFC 1123, section 2.1: letters, digits and '-', which is neither first nor last.
    private static func isHostname(_ text: String) -> Bool {
        text.utf8.count <= 253
            && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
                (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                    && label.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || $0 == "-" }
            }
    }

    private var isNamed: Bool { hostname != nil || !sshKey.isEmpty }

    func run() throws {
        let userData = try dataFile.map { try HostFiles.read($0, limit: Self.largestData) } ?? Array((data ?? "").utf8)
        let image =
            try isNamed
            ? DataISO.image(userData: userData, metaData: try metaData(userData)) : DataISO.image(config: userData)
        try ExtentWriter.write(image, to: file)
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
        for path in sshKey { keys += try PublicKeys.read(path) }
        // Another instance for cloud-init when anything is different.
        let all = ([hostname ?? ""] + keys).joined(separator: "\n")
        let id = "iid-" + SHA256.hash(userData + [0] + Array(all.utf8)).hex.prefix(16)
        return try JSONText.pretty(Facts(id: id, hostname: hostname, keys: keys.isEmpty ? nil : keys)) + [0x0A]
    }

    /// Most bytes of user data.
    private static let largestData: UInt64 = 64 << 20
}

/// Public keys of ssh in a file, in the format of `authorized_keys` (sshd(8)): a type and base64, options in front, a
/// comment behind.
enum PublicKeys {
    /// - Returns: the lines with a key.
    /// - Throws: `FileError`, `UnfitFile`, which never quote the file.
    static func read(_ path: String) throws -> [String] {
        let shown = PlainText.short(path)
        let text = String(decoding: try HostFiles.read(path, limit: 1 << 20), as: UTF8.self)
        if text.contains("PRIVATE KEY") {
            throw UnfitFile("'\(shown)' is a private key", hint: "use the public key, '\(shown).pub'")
        }
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map {
            $0.trimmingPrefix(while: \.isWhitespace)
        }.enumerated()
            .filter { !$1.isEmpty && !$1.hasPrefix("#") }
        guard !lines.isEmpty else {
            throw UnfitFile("'\(shown)' contains no public key", hint: hint)
        }
        for (number, line) in lines where !isKey(line) {
            throw UnfitFile("line \(number + 1) of '\(shown)' is not an SSH public key", hint: hint)
        }
        return lines.map { String($1) }
    }

    private static let hint =
        "it is one line, such as 'ssh-ed25519 AAAA… name'; ssh-keygen writes it to a file that ends in .pub"

    /// A word that names a type of key, followed by base64 that begins with the same name (RFC 4253, section 6.6).
    private static func isKey(_ line: Substring) -> Bool {
        let words = line.split(whereSeparator: \.isWhitespace)
        return zip(words, words.dropFirst()).contains { type, blob in
            guard ["ssh-", "ecdsa-", "sk-"].contains(where: { type.hasPrefix($0) }),
                let data = Data(base64Encoded: String(blob))
            else {
                return false
            }
            let length = UInt32(type.utf8.count)
            let begin =
                (0..<4).reversed().map { UInt8(truncatingIfNeeded: length >> (8 * UInt32($0))) } + Array(type.utf8)
            return data.count > begin.count && data.prefix(begin.count).elementsEqual(begin)
        }
    }
}
