internal import Archive
internal import Attest
internal import Extents
internal import FoundationEssentials
internal import OCI
internal import Progress

/// The packages of an image, by its databases and Go programs: found out once for each image, and kept.
struct ImagePackages: Codable {
    /// Changes whenever the same files give other packages.
    static let version = 1
    /// Of a package database, in bytes; that of a desktop has 5 MB.
    private static let limit: UInt64 = 64 << 20

    private(set) var packages: [SoftwarePackage] = []
    /// What could not be read.
    private(set) var problems: [String] = []

    init(_ tree: FileTree) throws {
        let distribution = try ["etc/os-release", "usr/lib/os-release"].lazy.compactMap { try text($0, in: tree) }
            .first.flatMap { SoftwarePackage.Distribution(osRelease: $0) }
        for path in Self.debianDatabases(of: tree) {
            guard let text = try text(path, in: tree) else { continue }
            packages += try DebianPackages.packages(text, distribution).map { try licensed($0, in: tree) }
        }
        for path in Self.alpineDatabases {
            guard let text = try text(path, in: tree) else { continue }
            packages += AlpinePackages.packages(text, distribution)
        }
        for path in Self.rpmDatabases where tree.resolve(Array(path.utf8)).flatMap({ tree[$0] }) != nil {
            problems.append("'/\(path)' is a database of RPM, which is not read: its packages are not listed")
        }
        var modules: Set<SoftwarePackage> = []
        for path in tree.paths {
            guard case .regular(let contents)? = tree[path]?.kind, let node = tree[path], node.mode & 0o111 != 0,
                let info = try GoBuildInfo(program: contents)
            else { continue }
            modules.formUnion(info.packages)
        }
        packages += modules.sorted { ($0.name, $0.version) < ($1.name, $1.version) }
    }

    /// Files with paragraphs about Debian packages.
    static func debianDatabases(of tree: FileTree) -> [String] {
        let folder = TreePath(DebianPackages.folder.utf8) ?? .root
        let noted = tree.paths.filter { $0.parent == folder }.map { "\($0)" }
        return ["var/lib/dpkg/status"] + noted.filter { !$0.hasSuffix(".md5sums") }
    }

    static let alpineDatabases = ["lib/apk/db/installed", "usr/lib/apk/db/installed"]

    /// SQLite, Berkeley DB and NDB, in the folders of old and new distributions.
    private static let rpmDatabases = ["var/lib/rpm", "usr/lib/sysimage/rpm"].flatMap { folder in
        ["rpmdb.sqlite", "Packages", "Packages.db"].map { "\(folder)/\($0)" }
    }

    private func licensed(_ package: SoftwarePackage, in tree: FileTree) throws -> SoftwarePackage {
        var package = package
        var copy = self
        package.licence = try copy.text("usr/share/doc/\(package.name)/copyright", in: tree).flatMap {
            DebianCopyright.licence($0)
        }
        return package
    }

    /// The text of a regular file; nil when there is none.
    private mutating func text(_ path: String, in tree: FileTree) throws -> String? {
        guard let found = tree.resolve(Array(path.utf8)), case .regular(let contents)? = tree[found]?.kind else {
            return nil
        }
        guard contents.length <= Self.limit else {
            problems.append("'/\(PlainText.short(path))' has more than \(Self.limit >> 20) MiB: not read")
            return nil
        }
        return String(decoding: try ExtentReader.bytes(of: contents, limit: Self.limit), as: UTF8.self)
    }
}

extension GoBuildInfo {
    /// Its modules, and the standard library.
    fileprivate var packages: [SoftwarePackage] {
        let number = version.hasPrefix("go") ? String(version.dropFirst(2).prefix { $0 != " " }) : version
        return [SoftwarePackage(.golang, name: "stdlib", version: number)]
            + modules.map { SoftwarePackage(.golang, name: $0.path, version: $0.version) }
    }
}

extension ImageSet {
    /// An image's packages, kept in the cache so that a warm build unpacks nothing.
    func packages(_ image: Image) throws -> [SoftwarePackage] {
        let bytes = try cache.small(.packages(of: image), of: "the packages of \(image.name)") {
            let found = try context("looking for packages in image '\(PlainText.short(image.name))'") {
                try ImagePackages(try tree(image))
            }
            for problem in found.problems {
                store.progress.warn("SBOM: image '\(PlainText.short(image.name))': \(problem)")
            }
            return try JSONText.compact(found)
        }
        return try JSONDecoder().decode(ImagePackages.self, from: Data(bytes)).packages
    }
}
