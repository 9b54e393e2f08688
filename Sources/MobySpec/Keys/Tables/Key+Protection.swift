internal import Extents

/// Keys of a container that keep it from harming others.
extension Key where Owner == ContainerOptions {
    static let seccomp = Key(
        "seccomp", \.seccomp, .seccomp,
        "System calls: `default` is Docker's profile, `unconfined` allows all, else a file with a profile, relative to the working directory. A container with all capabilities is `unconfined` by default.",
        example: "unconfined", since: .moby, alias: ["security_opt", "seccompProfile"], default: "default")

    static let apparmor = Key(
        "apparmor", \.apparmor, .apparmorProfile,
        "Name of an AppArmor profile, which an `onboot` container has loaded: `@moby:apparmor` loads `moby-default`.",
        example: "moby-default", since: .moby, alias: ["apparmorProfile"])

    static let writableRoot: [Key] = [
        Key(
            "size", \.size, .rootSize,
            "How much a writable root can hold in memory: bytes, with `k`, `m` or `g`, or a share of memory in `%`. What the container writes counts for its memory limit, too.",
            example: "64m", since: .moby, default: "50%"),
        Key(
            "keep", \.keep, .bool,
            "Services: keeps what was written to the root when the service starts again; without it, the root is as in the image.",
            example: "true", since: .moby),
    ]
}

extension Codec where Value == String {
    /// The kernel takes a name up to a NUL byte; white space would end it in the lists of profiles.
    fileprivate static var apparmorProfile: Codec {
        word.checked { name in
            name.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F } && name.utf8.count <= 255
                ? nil : SyntaxError("is '\(PlainText.short(name))', expected the name of a profile")
        }
    }
}
