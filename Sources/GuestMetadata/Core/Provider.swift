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
