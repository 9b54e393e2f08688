public import JSON
internal import MachineModel
internal import OCI

/// A package folder's `build.yml`: what an image is made of.
public struct PackageSpec: Sendable {
    /// Kernel, its configuration and its modules in the layout of a kernel image.
    public struct Kernel: Sendable {
        /// Debian package; `{arch}` is replaced by the architecture.
        public var package: Located<String>
        /// Modules wanted, as `KernelModules.closure(of:)` reads them; nil is all.
        public var modules: [Located<String>]?
    }

    public var image: Located<String>
    /// What comes before the image's name, e.g. `acme`, `ghcr.io/acme`.
    public var org = ImageReference.localPrefix
    /// Architectures that the image can be built for.
    public var arches = PackageSpec.usualArches

    /// Those that moby's own packages are built for.
    static let usual = [Architecture.amd64, .arm64]
    static let usualArches = usual.map(\.name)

    /// Debian packages whose closure is unpacked.
    public var packages: [Located<String>] = []
    /// Patterns of package names of the closure that are left out.
    public var exclude: [Located<String>] = []
    /// When not nil, only these paths stay, with the shared libraries and link targets that they need.
    public var only: [Located<String>]?
    /// Paths that go, in addition to ``defaultDrop``.
    public var drop: [Located<String>] = []
    /// Paths that stay although a rule drops them.
    public var keep: [Located<String>] = []
    public var files: [PackageFile] = []
    /// Where built products of this project go: name of the product, path in the image.
    public var products: [(name: String, path: String)] = []
    public var kernel: Kernel?

    public var entrypoint: [Located<String>]?
    public var cmd: [Located<String>]?
    public var env: [String]?
    public var workdir: String?
    public var user: String?
    public var labels: [String: String] = [:]
    /// The label `org.mobyproject.config`.
    public var config: JSONValue?

    /// The label that holds `config`.
    public static let configLabel = "org.mobyproject.config"

    /// What no image needs: documentation, translations, notes for maintainers and for other programs.
    public static let defaultDrop: [String] =
        usualDrop + usual.map { "usr/lib/\($0.debianTriplet)/gconv" }

    private static let usualDrop = [
        "usr/share/doc", "usr/share/doc-base", "usr/share/man", "usr/share/info", "usr/share/locale",
        "usr/share/lintian", "usr/share/bug",
        "usr/share/bash-completion", "usr/share/zsh", "usr/share/fish", "usr/share/menu", "usr/share/applications",
        "usr/share/pixmaps",
        "usr/share/icons", "usr/share/gdb", "usr/share/gcc", "usr/share/initramfs-tools", "usr/share/reportbug",
        "usr/lib/systemd",
        "usr/lib/sysusers.d", "usr/lib/tmpfiles.d", "usr/lib/udev", "etc/init.d", "etc/default", "etc/logrotate.d",
        "etc/cron.*", "etc/ufw",
        "etc/apparmor.d", "etc/network", "etc/modprobe.d/*-blacklist.conf",
    ]

    /// The Debian packages to resolve for an architecture.
    public func requests(architecture: String) -> [Located<String>] {
        packages
            + (kernel.map {
                [Located($0.package.value.replacing("{arch}", with: architecture), at: $0.package.location)]
            } ?? [])
    }
}

/// An entry of `files` in a `build.yml`.
public struct PackageFile: Sendable {
    public enum Content: Sendable {
        case directory
        case symlink(String)
        case contents(String)
        /// A file or folder next to `build.yml`.
        case source(Located<String>)
        /// Files of the image's packages, by pattern, one after the other in the order of their paths.
        case concatenation([Located<String>])
    }

    /// Where it goes: one path, or the lines of a file next to `build.yml`.
    public enum Target: Sendable {
        case path(String)
        case list(Located<String>)
    }

    public var target: Target
    public var content: Content
    /// Permission bits; nil is 0755 for folders and executable sources, 0644 for the rest.
    public var mode: UInt16?
    public var uid: UInt32 = 0
    public var gid: UInt32 = 0
    public var location: SourceLocation
}
