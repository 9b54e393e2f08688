internal import GuestSystem

/// Metadata in the tables of the firmware (DMTF DSP0134, "SMBIOS"): a serial number with the words of ``NoCloudSeed``
/// (type 1), and strings of type 11, `io.systemd.credential:NAME=TEXT` and `io.systemd.credential.binary:NAME=BASE64`.
struct FirmwareTables {
    /// All structures, one after the other.
    var path = "/sys/firmware/dmi/tables/DMI"
    var identity = MachineIdentity.read()

    func probe(until deadline: ProviderDeadline) -> ProviderResult {
        var credentials = Credentials(provider: "SMBIOS", origin: "SMBIOS")
        do throws(SystemError) {
            for text in Self.strings(try Files.read(path, limit: 16 << 20) ?? []) { Self.add(text, to: &credentials) }
        } catch {
            return .absent("\(error)")
        }
        if let seed = NoCloudSeed(identity.serial) {
            var finding = seed.finding(origin: "SMBIOS serial number", until: deadline)
            finding.complete(with: credentials.finding)
            return .found(finding)
        }
        return credentials.isEmpty ? .absent("no credentials in type 11") : .found(credentials.finding)
    }

    private static func add(_ text: String, to credentials: inout Credentials) {
        for (prefix, isBinary) in [("io.systemd.credential:", false), ("io.systemd.credential.binary:", true)] {
            guard text.hasPrefix(prefix) else { continue }
            let rest = text.dropFirst(prefix.count)
            guard let mark = rest.firstIndex(of: "=") else { continue }
            let (name, value) = (String(rest[..<mark]), String(rest[rest.index(after: mark)...]))
            do throws(MetadataError) {
                let bytes = isBinary ? try Base64.decode(value, of: "credential '\(name)'") : Array(value.utf8)
                credentials.add(name, bytes)
            } catch {
                credentials.add(error: error)
            }
        }
    }

    /// The strings of all structures of type 11. A structure is type u8, length u8, handle u16, further bytes; strings
    /// with a zero after each follow, and another zero.
    static func strings(_ table: [UInt8]) -> [String] {
        var (found, rest): ([String], ArraySlice<UInt8>) = ([], table[...])
        while rest.count >= 6 {
            let (type, length) = (rest[rest.startIndex], Int(rest[rest.startIndex + 1]))
            guard length >= 4, length + 2 <= rest.count else { break }
            rest = rest.dropFirst(length)
            var strings: [String] = []
            while let end = rest.firstIndex(of: 0), end > rest.startIndex {
                strings.append(String(decoding: rest[..<end], as: UTF8.self))
                rest = rest[(end + 1)...]
            }
            // Without strings there are two zeros.
            rest = rest.dropFirst(strings.isEmpty ? 2 : 1)
            if type == 11 { found += strings }
            // End of the table.
            if type == 127 { break }
        }
        return found
    }
}
