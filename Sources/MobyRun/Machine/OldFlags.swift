/// The option spellings of LinuxKit and of the 2017 program, turned into today's before the command line is parsed.
public enum OldFlags {
    /// Gives long options two dashes, resolves values of switches, and renames what 2017 called otherwise.
    ///
    /// `-publish 8080:80` becomes `--publish 8080:80`; `-gui=false` goes away; `-diskpath d.img -disksize 4G` becomes
    /// `--disk file=d.img,size=4G`. Short options, negative numbers, unknown words and all that follows `--` stay as they are.
    public static func normalize(_ arguments: [String]) -> [String] {
        let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
        let options = arguments[..<end].flatMap(normalize(option:))
        return joinDisk(options) + arguments[end...]
    }

    private static func normalize(option text: String) -> [String] {
        guard text.hasPrefix("-"), !text.hasPrefix("---") else { return [text] }
        let dashes = text.hasPrefix("--") ? 2 : 1
        let parts = text.dropFirst(dashes).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let first = parts.first, let name = known[first] else { return [text] }
        guard parts.count == 2 else { return ["--" + name] }
        guard switches.contains(name) else { return ["--\(name)=\(parts[1])"] }
        switch parts[1].lowercased() {
        case "true", "t", "1": return ["--" + name]
        case "false", "f", "0": return []
        default: return ["--\(name)=\(parts[1])"]
        }
    }

    /// 2017's disk was two options; now it is one.
    private static func joinDisk(_ arguments: [String]) -> [String] {
        var rest: [String] = []
        var values: [String: String] = [:]
        var index = arguments.startIndex
        while index < arguments.endIndex {
            let parts = arguments[index].split(separator: "=", maxSplits: 1).map(String.init)
            if let name = parts.first, name == "--diskpath" || name == "--disksize" {
                let separate = parts.count == 1
                if separate { index += 1 }
                values[name] = separate ? (index < arguments.endIndex ? arguments[index] : "") : parts[1]
            } else {
                rest.append(arguments[index])
            }
            index += 1
        }
        guard !values.isEmpty else { return arguments }
        let disk = [values["--diskpath"].map { "file=\($0)" }, values["--disksize"].map { "size=\(mebibytes($0))" }, "format=qcow2"]
        return insert(["--disk", disk.compactMap(\.self).joined(separator: ",")], into: rest)
    }

    /// Before the words that are not options would need to know which they are; right behind the command is always right.
    private static func insert(_ disk: [String], into arguments: [String]) -> [String] {
        let place = arguments.firstIndex { $0.hasPrefix("-") } ?? max(arguments.count - 1, 0)
        return Array(arguments[..<place]) + disk + Array(arguments[place...])
    }

    /// 2017 handed the size to qemu-img, where digits alone are bytes.
    private static func mebibytes(_ size: String) -> String {
        guard let bytes = Int(size) else { return size }
        return "\((bytes + (1 << 20) - 1) >> 20)M"
    }

    /// Old name → new name; most are the same.
    private static let known: [String: String] = {
        var names = ["fwpath": "fw"]
        for name in valued + switches { names[name] = name }
        return names
    }()

    private static let switches = [
        "gui", "uefi", "iso", "kernel", "squashfs", "usb", "detached", "pull", "docker", "decompress-kernel", "no-sbom",
        "sbom-current-time", "dry-run", "quiet", "disable-content-trust", "skip-cleanup", "nested-virt", "vtpm", "public",
        "short", "commit", "await-then-poweroff", "allow-external", "replace", "force",
        "uefi-compatible", "no-upload", "json", "offline", "merge",
    ]

    private static let valued = [
        "cpus", "mem", "disk", "diskpath", "disksize", "disk-size", "publish", "networking", "accel", "state", "data", "data-file", "fw",
        "arch", "qemu", "device", "virtiofs", "virtiofsd", "await", "timeout", "name", "dir", "format", "size", "input-tar", "sbom-output",
        "cache", "mirror", "cert-file", "verbose", "config", "zone", "machine", "keys", "project", "bucket", "family", "img-name", "org",
        "hash", "tag", "hostname", "build-yml", "port", "directory", "lock", "ssh-key", "network", "subnet", "console",
        "compress", "bootloader", "sign-key", "sign-cert", "insecure-registry", "tls-registry", "layer-limit",
    ]
}
