internal import Glibc
internal import GuestSystem

/// A source of metadata, as the command line names it.
enum Provider: Sendable, Equatable, CustomStringConvertible {
    /// `gcp`: Google Compute Engine's server.
    case google
    /// `cdrom`: a CD, or a volume with the label `cidata` or `config-2`.
    case disk
    /// `file=PATH`: user data in a file.
    case file(String)

    /// A disk that was attached on purpose goes before a server on the network.
    static let standard: [Provider] = [.disk, .google]
    /// How long a provider may be silent.
    static let timeout: Milliseconds = 2000

    init(parsing word: String) throws(MetadataError) {
        switch word {
        case "gcp": self = .google
        case "cdrom": self = .disk
        case _ where word.hasPrefix("file=") && word.utf8.count > 5: self = .file(String(word.dropFirst(5)))
        default: throw MetadataError("unknown provider '\(word)', expected gcp, cdrom or file=PATH")
        }
    }

    static func all(_ words: some Sequence<String>) throws(MetadataError) -> [Provider] {
        var providers: [Provider] = []
        for word in words { providers.append(try Provider(parsing: word)) }
        return providers.isEmpty ? standard : providers
    }

    var description: String {
        switch self {
        case .google: "gcp"
        case .disk: "cdrom"
        case .file(let path): "file=\(path)"
        }
    }

    func probe(until deadline: ProviderDeadline) -> ProviderResult {
        switch self {
        case .google: GoogleMetadata(client: HTTPClient.google, deadline: deadline).probe()
        case .disk: ConfigDisks().probe(until: deadline)
        case .file(let path): Self.read(path)
        }
    }

    private static func read(_ path: String) -> ProviderResult {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return .absent("\(SystemError("opening", path))") }
        defer { close(file) }
        do {
            let bytes = try Folder.contents(of: file, named: path, limit: Finding.longest)
            return .found(Finding(provider: "file", origin: path, userData: bytes))
        } catch {
            return .absent("\(error)")
        }
    }
}

/// The metadata that a provider has for this machine.
struct Finding: Sendable, Equatable {
    /// As `/run/config/provider` has it.
    var provider: String
    /// For the log, such as `CDROM /dev/sr0`.
    var origin: String
    var hostname: String?
    /// Lines of an `authorized_keys` file.
    var keys: [String] = []
    var userData: [UInt8]?
    /// What could not be read.
    var errors: [MetadataError] = []

    /// Limit of user data and other values in bytes: they are kept in the machine's memory.
    static let longest = 16 << 20
}

/// The result of asking a provider.
enum ProviderResult: Sendable, Equatable {
    case found(Finding)
    case absent(String)
}

/// Metadata that cannot be used, or a system call that failed.
struct MetadataError: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    init(_ error: SystemError) { description = error.description }

    /// A failed system call, by errno(3).
    init(_ operation: String, _ subject: String, number: Int32 = errno) {
        self.init(SystemError(operation, subject, number: number))
    }
}
