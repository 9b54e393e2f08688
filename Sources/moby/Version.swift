internal import ArgumentParser
internal import CArchive
internal import CCrypto
internal import CISAL
internal import CLZ4
internal import CVersion
internal import CYAML
internal import CZlib
internal import CZstd
internal import HTTP
internal import JSON
internal import MachineModel

struct Version: ParsableCommand {
    /// The first line of the file VERSION.
    static let text = String(String(cString: moby_version()).prefix { !$0.isNewline })

    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the version, and those of the libraries in use.",
        usage: "moby version [--short] [--json]",
        discussion: "Example: moby version --json | jq -r .commit")

    @OptionGroup var global: GlobalOptions
    @Flag(help: "Print the number only.") var short = false
    @Flag(help: "Print JSON.") var json = false

    mutating func validate() throws {
        if short, json { throw ValidationError("--short and --json cannot be combined") }
    }

    func run() {
        if short { return print(Self.text) }
        if json { return print(Self.document.text(indent: 2)) }
        print("moby version \(Self.text)")
        for (key, value) in Self.facts { print("\(key): \(value)") }
        let libraries = LibraryVersions.all.map { "\($0.name) \($0.version ?? "missing")" }
        print("libraries: \(libraries.joined(separator: ", "))")
    }

    /// What else is known about this program; a program that was not built by make knows no commit.
    private static var facts: [(key: String, value: String)] {
        [
            ("commit", String(cString: moby_commit())), ("platform", "linux/\(Architecture.host.name)"),
            ("swift", String(cString: moby_swift_version())),
        ].filter { !$0.1.isEmpty }
    }

    private static var document: JSONValue {
        var members: [JSONValue.Member] = [("version", .string(text))]
        members += facts.map { (key: $0.key, value: JSONValue.string($0.value)) }
        let libraries: [JSONValue.Member] = LibraryVersions.all.map { library in
            (key: library.name, value: library.version.map { JSONValue.string($0) } ?? .null)
        }
        return .object(members + [("libraries", .object(libraries))])
    }
}

/// The versions of the libraries as they run, not as they were compiled against, except where a library does not say.
private enum LibraryVersions {
    static var all: [(name: String, version: String?)] {
        // "libcurl/7.88.1 OpenSSL/3.0.15 …"
        let curl = try? CurlLibrary.version().split(separator: " ").first
        return [
            ("glibc", String(cString: moby_libc_version())),
            ("isa-l", "\(ISAL_MAJOR_VERSION).\(ISAL_MINOR_VERSION).\(ISAL_PATCH_VERSION)"),
            ("libarchive", String(String(cString: archive_version_string()).drop { !$0.isNumber })),
            ("libcurl", curl.map { String($0.drop { $0 != "/" }.dropFirst()) }),
            ("libyaml", String(cString: yaml_get_version_string())),
            ("lz4", String(cString: LZ4_versionString())),
            ("openssl", String(cString: OpenSSL_version(OPENSSL_VERSION_STRING))),
            ("zlib", String(cString: zlibVersion())),
            ("zstd", String(cString: ZSTD_versionString())),
        ]
    }
}
