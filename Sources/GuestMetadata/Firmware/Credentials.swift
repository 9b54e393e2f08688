/// Values that a hypervisor hands over under the names of systemd's credentials (systemd.system-credentials(7)): files
/// below `/run/config/credentials`. Some mean the same as metadata.
struct Credentials {
    /// Larger ones are an error, as in systemd.
    static let longest = 1 << 20

    private(set) var finding: Finding

    init(provider: String, origin: String) { finding = Finding(provider: provider, origin: origin) }

    var isEmpty: Bool {
        finding.credentials.isEmpty && finding.userData == nil && finding.hostname == nil && finding.errors.isEmpty
    }

    mutating func add(_ name: String, _ bytes: [UInt8]) {
        guard Folder.isName(name), bytes.count <= Self.longest else {
            finding.errors.append(
                MetadataError("credential '\(String(name.prefix(80)))', expected a file name and at most 1 MiB"))
            return
        }
        let text = String(decoding: bytes, as: UTF8.self)
        switch name {
        case "system.hostname", "firstboot.hostname": finding.hostname = Text.trimmed(text)
        case "ssh.authorized_keys.root": finding.add(keys: Text.lines(text))
        case "moby.userdata", "cloud-init.user-data": finding.userData = bytes
        default: break
        }
        finding.credentials.append(FirmwareCredential(name: name, bytes: bytes))
    }

    mutating func add(error: MetadataError) { finding.errors.append(error) }
    mutating func complete(with other: Finding) { finding.complete(with: other) }
}
