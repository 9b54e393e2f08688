internal import Glibc

/// Somebody who may know something about this machine, as the command line names it.
enum Provider: Sendable, Equatable, CustomStringConvertible {
    /// `gcp`: Google Compute Engine's server.
    case google
    /// `cdrom`: a CD, or a volume called `cidata` or `config-2`.
    case disc
    /// `file=PATH`: user data in a file.
    case file(String)

    /// What was attached by hand says more than whoever answers on the network.
    static let standard: [Provider] = [.disc, .google]
    /// Milliseconds that a provider may keep silent.
    static let patience: Int64 = 2000

    init(parsing word: String) throws(MetadataError) {
        switch word {
        case "gcp": self = .google
        case "cdrom": self = .disc
        case _ where word.hasPrefix("file=") && word.utf8.count > 5: self = .file(String(word.dropFirst(5)))
        default: throw MetadataError("provider '\(word)' is unknown, expected gcp, cdrom or file=PATH")
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
        case .disc: "cdrom"
        case .file(let path): "file=\(path)"
        }
    }

    func probe(until deadline: Deadline) -> Answer {
        switch self {
        case .google: GoogleMetadata(client: HTTPClient.google, deadline: deadline).probe()
        case .disc: Discs().probe(until: deadline)
        case .file(let path): Self.read(path)
        }
    }

    private static func read(_ path: String) -> Answer {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return .absent("\(MetadataError("open", path))") }
        defer { close(file) }
        do {
            let bytes = try Folder.contents(of: file, named: path, limit: Finding.longest)
            return .found(Finding(provider: "file", origin: path, userData: bytes))
        } catch {
            return .absent("\(error)")
        }
    }
}

/// What a provider said about this machine.
struct Finding: Sendable, Equatable {
    /// As `/run/config/provider` has it.
    var provider: String
    /// For the console, e.g. `CDROM /dev/sr0`.
    var origin: String
    var hostname: String?
    /// Lines of an `authorized_keys` file.
    var keys: [String] = []
    var userData: [UInt8]?
    /// What of it could not be had.
    var faults: [MetadataError] = []

    /// User data and values that are longer are refused: they go into the machine's memory.
    static let longest = 16 << 20
}

/// What came of asking a provider.
enum Answer: Sendable, Equatable {
    case found(Finding)
    case absent(String)
}

/// Something that was said cannot be used, or a system call failed.
struct MetadataError: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    /// A failed system call, by errno(3).
    init(_ operation: String, _ subject: String, number: Int32 = errno) {
        let reason = strerror(number).map { String(cString: $0) } ?? "error \(number)"
        description = "\(operation) '\(subject)': \(reason)"
    }
}
