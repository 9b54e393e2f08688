/// `/proc/self/mounts`, as far as ending a machine is concerned.
enum MountTable {
    struct Disk: Equatable {
        var path: String
        /// Its server may be gone: not to be waited for.
        var isRemote: Bool
    }

    private static let local: Set<String> = [
        "ext2", "ext3", "ext4", "btrfs", "xfs", "vfat", "msdos", "exfat", "f2fs", "overlay",
    ]
    private static let remote: Set<String> = ["nfs", "nfs4", "cifs", "9p", "virtiofs", "ceph"]

    /// What must be unmounted before the power goes, the last mounted first.
    static func disks(in text: String) -> [Disk] {
        text.split(separator: "\n").reversed().compactMap { line in
            let words = line.split(separator: " ")
            guard words.count > 2 else { return nil }
            let type = String(words[2])
            guard local.contains(type) || remote.contains(type) else { return nil }
            return Disk(path: unescaped(words[1]), isRemote: remote.contains(type))
        }
    }

    /// Spaces, tabs, newlines and backslashes are written as three octal digits.
    static func unescaped(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3,
                let code = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                bytes.append(code)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
