internal import CInit
internal import Glibc
internal import GuestSystem

/// Mounts of user data, in the machine's own mount namespace.
struct CloudMounter {
    let root: MachineRoot
    /// How long to wait for a device.
    var timeout: Milliseconds = 5000

    private static let flags: [String: MountFlags] = [
        "ro": .readOnly, "nosuid": .noSetUID, "nodev": .noDevices, "noexec": .noExecution, "sync": .synchronous,
        "noatime": .noAccessTime, "nodiratime": .noDirectoryAccessTime, "relatime": .relativeAccessTime,
        "dirsync": .directorySynchronous, "bind": .bind, "rbind": [.bind, .recursive],
    ]
    /// Of fstab(5), not of the file system.
    private static let ignored: Set<String> = [
        "defaults", "rw", "auto", "noauto", "user", "nouser", "exec", "suid", "dev", "async", "nofail", "_netdev",
    ]

    func perform(_ mount: CloudMount) throws(MetadataError) {
        var (flags, data): (MountFlags, [String]) = ([], [])
        for option in mount.options where !Self.ignored.contains(option) && !option.hasPrefix("x-") {
            if let flag = Self.flags[option] { flags.insert(flag) } else { data.append(option) }
        }
        let (source, type) = try source(of: mount, isBind: flags.contains(.bind))
        try root.makeFolders(mount.path)
        let result = cinit_mount_beside(
            1, source, mount.path, flags.contains(.bind) ? "" : type, flags.rawValue,
            data.isEmpty ? nil : data.joined(separator: ","))
        guard result == 0 else {
            throw MetadataError("mounting", "\(mount.device) on \(mount.path)", number: -result)
        }
    }

    /// Waits for the device, and finds its file system.
    private func source(of mount: CloudMount, isBind: Bool) throws(MetadataError) -> (String, String) {
        let isDevice = mount.device.hasPrefix("/dev/") || mount.device.contains("=")
        guard isDevice || ["auto"].contains(mount.type) && !isBind else { return (mount.device, mount.type) }
        let end = ProviderDeadline(milliseconds: timeout)
        repeat {
            if let (path, volume) = try find(mount.device) {
                let type = mount.type == "auto" ? volume?.type : mount.type
                guard let type else {
                    throw MetadataError("mount of '\(mount.device)': unknown file system; name its type")
                }
                return (path, type)
            }
            usleep(50_000)
        } while !end.hasPassed
        throw MetadataError("mount of '\(mount.device)': no such device after \(timeout / 1000) s")
    }

    /// A device by its path or short name, `LABEL=` or `UUID=`.
    private func find(_ device: String) throws(MetadataError) -> (String, BlockVolume?)? {
        func volume(_ path: String) throws(MetadataError) -> BlockVolume? {
            do throws(SystemError) { return try BlockVolume(device: path) } catch { throw MetadataError(error) }
        }
        guard let mark = device.firstIndex(of: "=") else {
            let path = device.hasPrefix("/") ? device : "/dev/\(device)"
            return Files.exists(path) ? (path, try volume(path)) : nil
        }
        let (kind, name) = (device[..<mark], device[device.index(after: mark)...])
        for block in Files.names(in: "/sys/class/block") {
            // Skip empty drives, and devices that disappear meanwhile.
            guard let found = try? BlockVolume(device: "/dev/\(block)") else { continue }
            if kind == "LABEL" && found.label == name || kind == "UUID" && found.uuid == name.lowercased() {
                return ("/dev/\(block)", found)
            }
        }
        return nil
    }
}
