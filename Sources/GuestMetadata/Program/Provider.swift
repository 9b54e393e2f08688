internal import Glibc
internal import GuestSystem

/// A source of metadata, as the command line names it.
enum Provider: Sendable, Equatable, CustomStringConvertible {
    /// `cmdline`: the kernel command line.
    case commandLine
    /// `smbios`: strings and the serial number that the firmware has.
    case firmwareTables
    /// `fwcfg`: QEMU's `-fw_cfg`.
    case firmwareConfig
    /// `cdrom`: a CD, or a volume with the label `cidata` or `config-2`.
    case disk
    /// `file=PATH`: user data in a file.
    case file(String)
    case vmware, google, amazon, azure, openStack, hetzner, scaleway, vultr, digitalOcean, equinix, exoscale, oracle

    /// On this machine. What was attached on purpose goes before a server on the network.
    private static let local: [Provider] = [.commandLine, .firmwareTables, .firmwareConfig, .disk]
    /// Servers that are asked on a machine of an unknown kind; the ones whose protocol others copy are the last.
    private static let servers: [Provider] = [
        .google, .azure, .digitalOcean, .hetzner, .vultr, .scaleway, .oracle, .openStack, .amazon,
    ]
    /// How long a provider may be silent.
    static let timeout: Milliseconds = 2000

    /// Those that are asked when the command names none.
    static func standard(on machine: MachineIdentity) -> [Provider] {
        local + (machine.cloud.map { [$0] } ?? servers)
    }

    private static let names: [(String, Provider)] = [
        ("cmdline", .commandLine), ("smbios", .firmwareTables), ("fwcfg", .firmwareConfig), ("cdrom", .disk),
        ("vmware", .vmware), ("gcp", .google), ("aws", .amazon), ("azure", .azure), ("openstack", .openStack),
        ("hetzner", .hetzner), ("scaleway", .scaleway), ("vultr", .vultr), ("digitalocean", .digitalOcean),
        ("equinixmetal", .equinix), ("exoscale", .exoscale), ("oracle", .oracle),
    ]

    init(parsing word: String) throws(MetadataError) {
        if word.hasPrefix("file="), word.utf8.count > 5 {
            self = .file(String(word.dropFirst(5)))
            return
        }
        guard let named = Self.names.first(where: { $0.0 == word }) else {
            let names = Self.names.map { $0.0 }.joined(separator: ", ")
            throw MetadataError("unknown provider '\(word)', expected \(names) or file=PATH")
        }
        self = named.1
    }

    /// The providers that `words` name, or else the standard ones of `machine`.
    static func all(_ words: some Sequence<String>, on machine: MachineIdentity) throws(MetadataError) -> [Provider] {
        var providers: [Provider] = []
        for word in words { providers.append(try Provider(parsing: word)) }
        return providers.isEmpty ? standard(on: machine) : providers
    }

    var description: String {
        if case .file(let path) = self { return "file=\(path)" }
        return Self.names.first { $0.1 == self }?.0 ?? ""
    }

    /// Whether it needs no network: what several of these have is put together.
    var isLocal: Bool { Self.local.contains(self) || self == .vmware }

    func probe(until deadline: ProviderDeadline) -> ProviderResult {
        func server(_ client: HTTPClient) -> MetadataServer { MetadataServer(client.routed(), until: deadline) }
        switch self {
        case .commandLine: return KernelCommandLine().probe(until: deadline)
        case .firmwareTables: return FirmwareTables().probe(until: deadline)
        case .firmwareConfig: return FirmwareConfig().probe()
        case .disk: return ConfigDisks().probe(until: deadline)
        case .vmware: return GuestInfo().probe()
        case .file(let path): return Self.read(path)
        case .google: return GoogleMetadata(server: server(GoogleMetadata.client)).probe()
        case .amazon: return AmazonMetadata(server: server(AmazonMetadata.client)).probe()
        case .azure: return AzureMetadata(server: server(AzureMetadata.client)).probe()
        case .openStack: return OpenStackMetadata(server: server(OpenStackMetadata.client())).probe()
        case .hetzner: return HetznerMetadata(server: server(HetznerMetadata.client())).probe()
        case .scaleway: return ScalewayMetadata(server: server(ScalewayMetadata.client)).probe()
        case .vultr: return VultrMetadata(server: server(VultrMetadata.client)).probe()
        case .digitalOcean: return DigitalOceanMetadata(server: server(DigitalOceanMetadata.client)).probe()
        case .equinix: return EquinixMetadata(server: server(EquinixMetadata.client)).probe()
        case .exoscale:
            return AmazonMetadata(server: server(AmazonMetadata.client), provider: "Exoscale", needsToken: false)
                .probe()
        case .oracle: return OracleMetadata(server: server(OracleMetadata.client)).probe()
        }
    }

    private static func read(_ path: String) -> ProviderResult {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return .absent("\(SystemError("opening", path))") }
        defer { close(file) }
        do throws(MetadataError) {
            let bytes = try Folder.contents(of: file, named: path, limit: Finding.longest)
            return .found(Finding(provider: "file", origin: path, userData: bytes))
        } catch {
            return .absent("\(error)")
        }
    }
}
