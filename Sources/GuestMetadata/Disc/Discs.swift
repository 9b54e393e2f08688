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
                guard let volume = VolumeLabel(device: "\(devices)/\(name)"), Self.isMeant(name, volume) else {
                    continue
                }
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
        let names = names.sorted().filter { name in
            !["loop", "ram", "zram", "fd", "dm-", "md"].contains { name.hasPrefix($0) }
        }
        return names.filter(isCD) + names.filter { !isCD($0) }
    }

    private static func isCD(_ name: String) -> Bool {
        name.hasPrefix("sr") && name.dropFirst(2).allSatisfy(\.isNumber)
    }

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

/// Which file system a block device holds, and what it is called. Only those that discs of user data have.
struct VolumeLabel: Equatable {
    /// As mount(2) wants it.
    var type: String
    var label: String

    /// - Parameter read: bytes at an offset, fewer when the device ends.
    init?(_ read: (_ offset: Int, _ count: Int) -> [UInt8]) {
        if let label = Self.disc(read(16 * 2048, 72)) {
            self.init(type: "iso9660", label: label)
        } else if let label = Self.fat(read(0, 512)) {
            self.init(type: "vfat", label: label)
        } else {
            return nil
        }
    }

    private init(type: String, label: String) {
        self.type = type
        self.label = label
    }

    /// Nil for a device that cannot be read or has neither.
    init?(device path: String) {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return nil }
        defer { close(file) }
        self.init { offset, count in
            var bytes = [UInt8](repeating: 0, count: count)
            let got = pread(file, &bytes, count, off_t(offset))
            return Array(bytes.prefix(max(got, 0)))
        }
    }

    /// The primary volume descriptor of ISO 9660 (ECMA-119, 8.4): type 1 and `CD001`, the volume's name in 40…71.
    private static func disc(_ bytes: [UInt8]) -> String? {
        guard bytes.count == 72, bytes[0] == 1, bytes[1..<6].elementsEqual("CD001".utf8) else { return nil }
        return Text.trimmed(bytes[40..<72])
    }

    /// A FAT boot sector: 55 AA at its end; with the mark 28 or 29 at 38 a name of eleven bytes at 43, with FAT32 at 66
    /// and 71.
    private static func fat(_ bytes: [UInt8]) -> String? {
        guard bytes.count == 512, bytes[510] == 0x55, bytes[511] == 0xAA else { return nil }
        if [0x28, 0x29].contains(bytes[38]), bytes[54..<57].elementsEqual("FAT".utf8) {
            return Text.trimmed(bytes[43..<54])
        }
        if [0x28, 0x29].contains(bytes[66]), bytes[82..<87].elementsEqual("FAT32".utf8) {
            return Text.trimmed(bytes[71..<82])
        }
        return nil
    }
}
