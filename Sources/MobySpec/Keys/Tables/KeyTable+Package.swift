internal import Extents
internal import JSON
internal import MachineModel
internal import OCI

/// The keys of a package's `build.yml`.
extension KeyTable where Owner == PackageSpec {
    static let package = KeyTable(
        "package",
        """
        The top level of a `build.yml`, which describes an image made of Debian packages and files. Paths are in the image;
        patterns have `*`, `?`, `[a-z]` and `**`.
        """,
        Key.contents + Key.configuration, foreign: linuxKit)

    /// Keys of LinuxKit's package files (`linuxkit pkg build`), which all belong to a Dockerfile.
    private static let linuxKit = Dictionary(
        uniqueKeysWithValues: [
            "network", "disable-cache", "disable-content-trust", "extra-sources", "gitrepo", "buildArgs", "depends",
            "dockerfile", "tag",
        ].map {
            (
                $0,
                "LinuxKit's packages, which a Dockerfile builds, have it; moby's are made of Debian packages and files"
            )
        })
}

extension Key where Owner == PackageSpec {
    private typealias Texts = Codec<[Located<String>]>
    private static var texts: Texts { .list(Codec<String>.text.located) }

    fileprivate static let contents: [Key] = [
        Key(
            "image", \.image, Codec<String>.text.located, absent: nil, "Name of the image, without a tag.",
            example: "web"),
        Key(
            "org", \.org, .text, absent: { $0 == ImageReference.localPrefix },
            "Prefix of the name: `acme` means `docker.io/acme`, `ghcr.io/acme` itself.", example: "acme",
            default: ImageReference.localPrefix),
        Key(
            "arches", \.arches, .list(.architecture), absent: { $0 == PackageSpec.usualArches },
            "Architectures that the image can be built for.", example: "[amd64]", default: "[amd64, arm64]"),
        Key(
            "packages", \.packages, .list(Codec<String>.debianPackage().located),
            "Debian packages, with all their dependencies but the recommended ones; `name=version` and `name/release` as for apt-get.",
            example: "[nginx]"),
        Key("exclude", \.exclude, texts, "Patterns of package names to leave out.", example: "[\"perl*\"]"),
        Key(
            "only", \.only, texts,
            "Paths to include; without it, all. A program brings its loader, its libraries and the targets of its links. `[]` includes none, for use with `concatenate`.",
            example: "[usr/sbin/nginx]"),
        Key(
            "drop", \.drop, texts,
            "Paths to leave out. Without `only`, documentation, manual pages and translations are left out as well.",
            example: "[usr/share/perl5]"),
        Key("keep", \.keep, texts, "Paths to include although a rule leaves them out.", example: "[\"**/copyright\"]"),
        Key("files", \.files, .list(.packageFile), "Files to add.", example: "[{path: etc/motd, contents: welcome}]"),
        Key(
            "products", \.products, .products,
            "moby's programs for the guest, by name, and their paths; found in `--products`, else `$MOBY_PRODUCTS`, else next to `moby`.",
            example: "{init: /init}"),
        Key(
            "kernel", \.kernel, .packageKernel, "Makes the image a kernel image.",
            example: "{package: \"linux-image-{arch}\"}"
        ),
    ]

    fileprivate static let configuration: [Key] = [
        Key("entrypoint", \.entrypoint, texts, "The program, with its first arguments.", example: "[/usr/sbin/nginx]"),
        Key(
            "cmd", \.cmd, texts,
            "Further arguments, or the program. The program that is started must be in the image, or below a bind or mount of `config`.",
            example: "[-g, daemon off;]"),
        Key("env", \.env, .list(.text), "Environment.", example: "[\"A=b\"]"),
        Key("workdir", \.workdir, .text, "Folder that the program starts in.", example: "/srv"),
        Key("user", \.user, .text, "User, or `user:group`: names or numbers.", example: "\"33\""),
        Key("labels", \.labels, .map(.text), "Labels.", example: "{org.example.role: web}"),
        Key(
            "config", \.config, .containerConfiguration,
            "Defaults of a container that runs this image. They become the label `org.mobyproject.config`.",
            example: "{net: host, capabilities: [CAP_NET_ADMIN]}"),
    ]
}

extension Codec where Value == String {
    fileprivate static var architecture: Codec {
        text.map(from: { $0 }) { Architecture(named: $0)?.name ?? $0 }
    }

    fileprivate static var innerPath: Codec { text.checked { GuestPath.check(inner: $0) } }

    /// Names as deb-control(5) has them, perhaps with an architecture, version or release as apt-get takes them. All
    /// other words would be options or patterns to apt-get.
    /// - Parameter isTemplate: whether `{arch}` means the architecture.
    fileprivate static func debianPackage(isTemplate: Bool = false) -> Codec {
        text.checked { text in
            guard !isPackageName(isTemplate ? text.replacing("{arch}", with: "arch") : text) else { return nil }
            return SyntaxError(
                "is '\(PlainText.short(text))', expected the name of a Debian package",
                hint: "a name has lower-case letters, digits, '+', '-' and '.', and may end in =VERSION or /RELEASE")
        }
    }

    /// `NAME[:ARCH][=VERSION|/RELEASE]`. Written out, since a regular expression took a tenth of a warm build.
    private static func isPackageName(_ text: String) -> Bool {
        let isLower = { (byte: UInt8) in 97...122 ~= byte || 48...57 ~= byte }
        let request = text.utf8.split(maxSplits: 1, omittingEmptySubsequences: false) {
            $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: "/")
        }
        let name = request[0].split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = name[0].first, isLower(first), name[0].last != UInt8(ascii: "-"),
            name[0].allSatisfy({ isLower($0) || "+.-".utf8.contains($0) })
        else { return false }
        if name.count > 1, name[1].isEmpty || !name[1].allSatisfy(isLower) { return false }
        return request.count == 1
            || !request[1].isEmpty
                && request[1].allSatisfy { isLower($0) || 65...90 ~= $0 || ".+:~-".utf8.contains($0) }
    }
}

extension Codec where Value == JSONValue {
    /// What becomes a label is checked as it is when a container is made of the image.
    fileprivate static var containerConfiguration: Codec {
        Codec(.object(KeyTable.options.description), write: { $0 }) { node, reading in
            reading.report(SpecReader.errors(ofLabel: node))
            return JSONValue(node)
        }
    }
}

extension Codec where Value == [(name: String, path: String)] {
    /// Paths by the names of built programs, in the order written.
    fileprivate static var products: Codec {
        Codec(.map(.text), write: { .object($0.map { ($0.name, .string($0.path)) }) }) { node, reading in
            guard case .mapping(let pairs) = node.content else {
                reading.mismatch(node, expected: "a mapping")
                return nil
            }
            return pairs.compactMap { pair in
                let name = pair.key.value
                if name.contains("/") {
                    reading.error(
                        at: pair.key.location,
                        "product '\(PlainText.short(name))' has a slash, expected the name of a built program")
                }
                let path = reading.within(.key(PlainText.short(name))) { Codec<String>.innerPath.read(pair.value, &$0) }
                return path.map { (name, $0) }
            }
        }
    }
}

extension Codec where Value == PackageSpec.Kernel {
    fileprivate static var packageKernel: Codec {
        object(.packageKernel) { PackageSpec.Kernel(package: Located("", at: $0), modules: nil) }
    }
}

extension KeyTable where Owner == PackageSpec.Kernel {
    static let packageKernel = KeyTable(
        "package.kernel", "A kernel image: the kernel, its configuration and its modules.",
        [
            Key(
                "package", \.package, Codec<String>.debianPackage(isTemplate: true).located, absent: nil,
                "Debian package; `{arch}` is replaced by the architecture.", example: "\"linux-image-{arch}\""),
            Key(
                "modules", \.modules, .modules,
                "Names and patterns of modules, each with its dependencies; `?` before a name that some kernels lack. `all` is every module.",
                example: "[virtio_net, \"?virtio_blk\"]", default: "all"),
        ])
}

extension Codec where Value == [Located<String>] {
    /// A list, or `all`, which reads as nil.
    fileprivate static var modules: Codec {
        let list = list(Codec<String>.text.located)
        return Codec(.either(.choice(["all"]), list.shape), write: { list.write($0) }) { node, reading in
            guard case .scalar(let scalar) = node.content else { return list.read(node, &reading) }
            if scalar.text != "all" { reading.mismatch(node, expected: "'all' or a list of modules") }
            return nil
        }
    }
}

/// An entry of `files` as written, before it is known to have one target and one content.
struct PackageFileDraft: Sendable {
    static let contentKeys = ["directory", "symlink", "contents", "source", "concatenate"]

    var path: String?
    var paths: Located<String>?
    var directory = false
    var symlink: String?
    var contents: String?
    var source: Located<String>?
    var concatenate: [Located<String>]?
    var mode: UInt16?
    var uid: UInt32 = 0
    var gid: UInt32 = 0

    init() {}

    init(_ file: PackageFile) {
        (mode, uid, gid) = (file.mode, file.uid, file.gid)
        switch file.target {
        case .path(let path): self.path = path
        case .list(let paths): self.paths = paths
        }
        switch file.content {
        case .directory: directory = true
        case .symlink(let target): symlink = target
        case .contents(let text): contents = text
        case .source(let source): self.source = source
        case .concatenation(let patterns): concatenate = patterns
        }
    }

    func finished(_ node: Node, _ reading: inout Reading) -> PackageFile? {
        let written = Self.contentKeys.filter { node[$0] != nil }
        let content: PackageFile.Content? =
            directory
            ? .directory
            : symlink.map { .symlink($0) } ?? contents.map { .contents($0) } ?? source.map { .source($0) }
                ?? concatenate.map { .concatenation($0) }
        if (node["path"] == nil) == (node["paths"] == nil) {
            reading.error(at: node.location, "\(reading.subject) needs one of 'path' and 'paths'")
        }
        if written.count != 1 || written == ["directory"] && !directory {
            let keys = written.map { "'\($0)'" }.joined(separator: " and ")
            reading.error(
                at: node.location,
                "\(reading.subject) has \(written.count < 2 ? "no content" : "\(keys), expected only one")",
                hint: "give it one of directory: true, symlink, contents, source and concatenate")
            return nil
        }
        guard let content, let target = path.map({ .path($0) }) ?? paths.map({ PackageFile.Target.list($0) }) else {
            return nil
        }
        return PackageFile(
            target: target, content: content, mode: mode, uid: uid, gid: gid, location: node.location)
    }
}

extension Codec where Value == PackageFile {
    fileprivate static var packageFile: Codec {
        object(.packageFile, noun: "file") { _ in
            PackageFileDraft()
        } from: {
            PackageFileDraft($0)
        } finish: {
            $0.finished($1, &$2)
        }
    }
}

extension KeyTable where Owner == PackageFileDraft {
    static let packageFile = KeyTable(
        "package.files", "A file, link or folder to add: one of `path` and `paths`, and one content.",
        [
            Key("path", \.path, .innerPath, "Path in the image.", example: "etc/motd"),
            Key(
                "paths", \.paths, Codec<String>.innerPath.located,
                "File next to `build.yml` with one path on each line and `#` before comments: the entry is created at each path.",
                example: "applets"),
            Key("directory", \.directory, .bool, "`true` for a folder.", example: "true"),
            Key("symlink", \.symlink, .text, "Target of a link.", example: "/usr/bin/busybox"),
            Key("contents", \.contents, .text, "Text of a file.", example: "welcome"),
            Key(
                "source", \.source, Codec<String>.innerPath.located,
                "File or folder next to `build.yml`. Links in a folder stay links, as with `COPY`; nothing outside the package's folder is read. A FIFO, a socket or a device is an error.",
                example: "rootfs"),
            Key(
                "concatenate", \.concatenate, .list(Codec<String>.text.located),
                "Patterns of files of the packages, which become one file. With one pattern it copies a file under another name, or one that `only` leaves out.",
                example: "[usr/share/ca-certificates/**/*.crt]"),
            Key(
                "mode", \.mode, .mode,
                "Permission bits, octal, in quotes; by default 0755 for folders and executable sources, 0644 for other files.",
                example: "\"0600\""),
            Key("uid", \.uid, .uint32, absent: { $0 == 0 }, "Owner's number.", example: "33", default: "0"),
            Key("gid", \.gid, .uint32, absent: { $0 == 0 }, "Group's number.", example: "33", default: "0"),
        ])
}
