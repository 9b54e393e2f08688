internal import GuestSystem

/// Files that QEMU hands over by its option `-fw_cfg`, where the kernel's module `qemu_fw_cfg` shows them:
///
/// ```
/// opt/org.mobyproject/userdata, hostname, authorized_keys
/// opt/io.systemd.credentials/NAME
/// ```
struct FirmwareConfig {
    /// A folder for each file, which has the contents as `raw`.
    var folder = "/sys/firmware/qemu_fw_cfg/by_name"

    func probe() -> ProviderResult {
        guard Files.isDirectory(folder) else { return .absent("no firmware configuration device") }
        var credentials = Credentials(provider: "fw_cfg", origin: "QEMU fw_cfg")
        for (folder, names) in [
            ("org.mobyproject", ["userdata", "hostname", "authorized_keys"]),
            ("io.systemd.credentials", Files.names(in: "\(folder)/opt/io.systemd.credentials")),
        ] {
            for name in names {
                do throws(MetadataError) {
                    guard let bytes = try read("opt/\(folder)/\(name)") else { continue }
                    if folder == "org.mobyproject" {
                        credentials.complete(with: Self.finding(name, bytes))
                    } else {
                        credentials.add(name, bytes)
                    }
                } catch {
                    credentials.add(error: error)
                }
            }
        }
        return credentials.isEmpty
            ? .absent("no file below 'opt/org.mobyproject' or 'opt/io.systemd.credentials'")
            : .found(credentials.finding)
    }

    private static func finding(_ name: String, _ bytes: [UInt8]) -> Finding {
        var finding = Finding(provider: "fw_cfg", origin: "QEMU fw_cfg")
        switch name {
        case "userdata": finding.userData = bytes
        case "hostname": finding.hostname = Text.trimmed(bytes)
        default: finding.add(keys: Text.lines(String(decoding: bytes, as: UTF8.self)))
        }
        return finding
    }

    private func read(_ name: String) throws(MetadataError) -> [UInt8]? {
        let path = "\(folder)/\(name)/raw"
        let bytes: [UInt8]?
        do throws(SystemError) {
            bytes = try Files.read(path, limit: Finding.longest + 1)
        } catch {
            throw MetadataError(error)
        }
        guard (bytes?.count ?? 0) <= Finding.longest else {
            throw MetadataError("'\(path)' is longer than \(Finding.longest) bytes")
        }
        return bytes
    }
}
