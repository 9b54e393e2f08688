internal import CInit
internal import Glibc

/// CDs, and volumes that are called as cloud-init's are: `cidata` (NoCloud) and `config-2` (OpenStack's config drive).
struct Discs: Sendable {
    var devices = "/dev"
    var system = "/sys/class/block"
    /// Milliseconds that a disc may come late: drivers for SCSI look for theirs in the background.
    var patience: Int64 = 300

    func probe(until deadline: Deadline) -> Answer {
        let end = Deadline(milliseconds: patience)
        var faults: [MetadataError] = []
        repeat {
            faults = []
            for name in Self.candidates(names) {
                guard let volume = VolumeLabel(device: "\(devices)/\(name)"), Self.isMeant(name, volume) else { continue }
                deadline.renew()
                do throws(MetadataError) {
                    if let finding = try read(name, volume) { return .found(finding) }
                } catch {
                    faults.append(error)
                }
            }
            usleep(50_000)
        } while !end.hasPassed
        return .absent(faults.isEmpty ? "no disc" : faults.map(\.description).joined(separator: ", "))
    }

    /// Devices worth a look, CDs first. Floppy drives take seconds to say that they are empty.
    static func candidates(_ names: [String]) -> [String] {
        let names = names.sorted().filter { name in !["loop", "ram", "zram", "fd", "dm-", "md"].contains { name.hasPrefix($0) } }
        return names.filter(isCD) + names.filter { !isCD($0) }
    }

    private static func isCD(_ name: String) -> Bool { name.hasPrefix("sr") && name.dropFirst(2).allSatisfy(\.isNumber) }

    /// Any CD may be one of ours; a disk must say so by its name.
    static func isMeant(_ name: String, _ volume: VolumeLabel) -> Bool {
        isCD(name) || ["cidata", "config-2"].contains(volume.label.lowercased())
    }

    private var names: [String] {
        guard let folder = opendir(system) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Mounts the volume read-only for as long as it is read.
    private func read(_ name: String, _ volume: VolumeLabel) throws(MetadataError) -> Finding? {
        let (device, point) = ("\(devices)/\(name)", "/mnt")
        // Read-only, and nothing on it is a device, runs, or gives rights.
        let flags: UInt = 1 | 2 | 4 | 8
        let result = cinit_mount(device, point, volume.type, flags, nil)
        guard result == 0 else { throw MetadataError("mount", device, number: -result) }
        defer { _ = cinit_unmount(point, 1) }
        let root = try Folder(point)
        return try DiscFiles.read(root, label: volume.label, origin: device)
    }
}
