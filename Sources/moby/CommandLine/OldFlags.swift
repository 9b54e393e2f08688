internal import Extents

/// The option spellings of LinuxKit and of the 2017 program, which used Go's package flag: one dash is as good as two.
enum OldFlags {
    /// Go's flag takes these for a call for help.
    static let helpWords: Set = ["-h", "-help", "--help"]

    /// Whether the words need more than the argument parser: long options with one dash, clusters, levels behind `-v`,
    /// options in front of the verb, `help` with a name. False alarms cost a few milliseconds.
    static func mayBeOld(_ arguments: [String]) -> Bool {
        let words = arguments.prefix { $0 != "--" }
        guard let first = words.first else { return false }
        if first == "help" || (first.hasPrefix("-") && !["-h", "--help", "--version"].contains(first)) { return true }
        return words.contains {
            $0.hasPrefix("-") && !$0.hasPrefix("--") && $0.utf8.count > 2 || ["-v", "--verbose"].contains($0)
        }
    }

    /// The current name of an option.
    static func renamed(_ name: String, dashes: Int, _ path: [String]) -> String {
        switch (name, path.first) {
        case ("fwpath", "run"): "fw"
        // 2017: an output format. With two dashes it is the name of '-o'.
        case ("output", "build") where dashes == 1: "format"
        default: name
        }
    }

    /// `-v`, `-vv`, `-v 2`, `-v2`, `--verbose=2` and their kind: LinuxKit has counted and numbered levels, 0 silent and
    /// 1 the usual messages.
    /// - Returns: flags that count; nil for another option.
    /// - Throws: `UsageError` for a level above 3.
    static func level(dashes: Int, _ name: String, _ value: String?, _ rest: inout ArraySlice<String>) throws
        -> [String]?
    {
        let digits = name.dropFirst()
        let isJoined = dashes == 1 && name.hasPrefix("v") && !digits.isEmpty && isNumber(digits) && value == nil
        guard name == "verbose" || (dashes == 1 && name == "v") || isJoined else { return nil }
        var text = isJoined ? String(digits) : value
        if text == nil, let next = rest.first, isNumber(next[...]) {
            text = next
            rest.removeFirst()
        }
        guard let text else { return ["-v"] }
        guard let level = Int(text), (0...3).contains(level) else {
            throw UsageError("--verbose is '\(PlainText.short(text))', expected 0 to 3")
        }
        return level == 0 ? ["--quiet"] : Array(repeating: "-v", count: level - 1)
    }

    private static func isNumber(_ text: Substring) -> Bool {
        !text.isEmpty && text.allSatisfy(\.isASCIIDigit)
    }

    /// 2017's disk was two options; now it is one.
    static func joinDisk(_ arguments: [String]) -> [String] {
        var rest: [String] = []
        var values: [String: String] = [:]
        for word in arguments {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            if parts.count == 2, parts[0] == "--diskpath" || parts[0] == "--disksize" {
                values[parts[0]] = parts[1]
            } else {
                rest.append(word)
            }
        }
        guard !values.isEmpty else { return arguments }
        let disk = [
            values["--diskpath"].map { "file=\($0)" }, values["--disksize"].map { "size=\(mebibytes($0))" },
            "format=qcow2",
        ]
        return ["--disk", disk.compactMap(\.self).joined(separator: ",")] + rest
    }

    /// 2017 handed the size to qemu-img, where digits alone are bytes.
    private static func mebibytes(_ size: String) -> String {
        guard let bytes = Int(size), bytes <= Int.max - (1 << 20) else { return size }
        return "\((bytes + (1 << 20) - 1) >> 20)M"
    }

    /// The replacement of an option of LinuxKit or the 2017 program.
    static func hint(_ name: String, _ path: [String]) -> String? {
        switch (path.first ?? "", name) {
        case ("run", "hyperkit"), ("run", "vpnkit"), ("run", "vpnkit-uuid"), ("run", "vsock-ports"),
            ("run", "console-file"), ("run", "ip"):
            "it was a HyperKit option; 'moby run' uses QEMU"
        case ("build", "hyperkit"): "it was for formats built in a virtual machine; none is needed now"
        case ("pkg", "org"), ("pkg", "tag"), ("pkg", "hash"), ("pkg", "build-yml"):
            "the image's name is 'image' in build.yml, its tag the hash of its contents"
        case ("pkg", "push"): "push the image with 'moby cache push'"
        case ("cache", "o"): "name the archive with --outfile"
        case ("pkg", "docker"), ("pkg", "network"), ("pkg", "dockerfile"), ("pkg", "builders"), ("pkg", "platforms"),
            ("pkg", "dev"):
            "it is for builds with Docker; 'moby pkg build' makes images from Debian packages and files"
        case ("login", let option) where option.hasPrefix("p"):
            "every user of this machine can read command lines; use --password-stdin, or type it when asked"
        case (_, "config"): "there is no configuration file; remove the option"
        case (_, "cpuprofile"), (_, "memprofile"): "remove the option"
        default: nil
        }
    }
}
