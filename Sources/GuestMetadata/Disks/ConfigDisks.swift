internal import Glibc
internal import GuestSystem

/// CDs, and volumes with the labels of cloud-init: `cidata` (NoCloud) and `config-2` (OpenStack's config drive).
struct ConfigDisks: Sendable {
    /// What is looked for.
    enum Contents {
        case seed
        /// Azure's provisioning CD.
        case azure
    }

    var contents = Contents.seed
    var devices = "/dev"
    var system = "/sys/class/block"
    /// How long to wait for a disk: SCSI drivers probe in the background.
    var timeout: Milliseconds = 300

    func probe(until deadline: ProviderDeadline) -> ProviderResult {
        let end = ProviderDeadline(milliseconds: timeout)
        var errors: [MetadataError] = []
        repeat {
            errors = []
            for name in Self.candidates(Files.names(in: system)) {
                do throws(MetadataError) {
                    guard contents == .seed || Self.isCD(name), let volume = try volume(on: name),
                        Self.matches(name, volume)
                    else { continue }
                    deadline.renew()
                    if let finding = try read(name, volume) { return .found(finding) }
                } catch {
                    errors.append(error)
                }
            }
            usleep(50_000)
        } while !end.hasPassed
        return .absent(errors.isEmpty ? "no config disk" : errors.map { $0.description }.joined(separator: ", "))
    }

    private func volume(on name: String) throws(MetadataError) -> BlockVolume? {
        do { return try BlockVolume(device: "\(devices)/\(name)") } catch { throw MetadataError(error) }
    }

    /// Devices to read, CDs first. Floppy drives take seconds to report that they are empty.
    static func candidates(_ names: [String]) -> [String] {
        let names = names.sorted().filter { name in
            !["loop", "ram", "zram", "fd", "dm-", "md"].contains { name.hasPrefix($0) }
        }
        return names.filter(isCD) + names.filter { !isCD($0) }
    }

    private static func isCD(_ name: String) -> Bool {
        name.hasPrefix("sr") && name.dropFirst(2).allSatisfy { $0.isNumber }
    }

    /// Whether a volume may hold metadata: any CD, disks by their label.
    static func matches(_ name: String, _ volume: BlockVolume) -> Bool {
        ["iso9660", "udf", "vfat"].contains(volume.type)
            && (isCD(name) || ["cidata", "config-2"].contains(volume.label.lowercased()))
    }

    /// Two providers read disks, and there is one folder to mount them on.
    private static let mountPoint = Mutex("/mnt")

    private func read(_ name: String, _ volume: BlockVolume) throws(MetadataError) -> Finding? {
        try Self.mountPoint.withLock { (point) throws(MetadataError) in try read(name, volume, at: point) }
    }

    /// Mounts the volume read-only while it is read.
    private func read(_ name: String, _ volume: BlockVolume, at point: String) throws(MetadataError) -> Finding? {
        let device = "\(devices)/\(name)"
        do {
            try MountCall(
                source: device, target: point, type: volume.type,
                flags: [.readOnly, .noSetUID, .noDevices, .noExecution]
            ).perform()
        } catch {
            throw MetadataError(error)
        }
        defer { MountCall.detach(point) }
        let root = try Folder(point)
        return contents == .azure
            ? try AzureEnvironment.read(root, origin: device)
            : try ConfigFiles.read(root, label: volume.label, origin: device)
    }
}
