extension Platform {
    /// Names of CPU architectures in Go's words (`GOARCH`), with the words of uname(1) and Debian for the same.
    private static let architectures: [String: [String]] = [
        "386": ["i386", "i486", "i586", "i686", "x86"], "amd64": ["x86_64", "x86-64", "x64"],
        "arm": ["armhf", "armel", "armv6l", "armv7l"], "arm64": ["aarch64"], "loong64": ["loongarch64"],
        "mips64le": ["mips64el"],
        "ppc64le": ["ppc64el", "powerpc64le"], "riscv64": [], "s390x": [],
    ]

    /// Go's name for a CPU architecture, found by any of its usual names, in any case; nil when it is unknown.
    public static func architecture(named text: String) -> String? {
        let name = text.lowercased()
        return architectures[name] != nil ? name : architectures.first { $0.value.contains(name) }?.key
    }

    /// Go's names of CPU architectures, in order.
    public static var architectureNames: [String] { architectures.keys.sorted() }
}
