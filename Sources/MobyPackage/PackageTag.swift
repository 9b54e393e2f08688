internal import Extents
internal import FoundationEssentials
internal import MobyBuild
internal import MobySpec
internal import OCI

/// The tag of an image: a hash of everything that it is made from.
enum PackageTag {
    /// Changes when the same inputs give other bytes.
    static let encoding = "moby package 1"
    /// Changes when maintainer scripts of Debian packages, their licences or the notes about them give other bytes.
    static let scripts = "scripts 2, licences 1, records 2"

    /// 40 hexadecimal digits.
    static func hash(
        _ folder: PackageFolder, closure: PackageLock.Closure, platform: Platform, products: Products, time: Int64
    ) throws
        -> String
    {
        let hash = FieldHash()
        hash.add(encoding)
        hash.add(platform.description)
        hash.add("\(time)")
        hash.add(folder.text)
        if !closure.packages.isEmpty { hash.add(scripts) }
        for package in closure.packages { hash.add("\(package.name) \(package.version) \(package.sha256)") }
        for file in folder.spec.files {
            if case .list(let name) = file.target { hash.add(folder.lines(of: name).joined(separator: "\n")) }
            guard case .source(let name) = file.content else { continue }
            for entry in try folder.source(name).entries() {
                if case .link(let target) = entry.kind {
                    hash.add("\(entry.name) link")
                    hash.add(target)
                    continue
                }
                hash.add("\(entry.name) \(entry.kind == .directory) \(entry.isExecutable)")
                if entry.kind == .file { try hash.add(file: entry.path) }
            }
        }
        for (name, _) in folder.spec.products { try hash.add(file: products.path(of: name)) }
        return String(hash.finalize().prefix(40))
    }
}

/// A SHA-256 over fields, each with its length before it, so that no two lists of fields are one.
private final class FieldHash {
    private let hash = SHA256()

    func add(_ text: String) { add(Array(text.utf8)) }

    func add(_ bytes: [UInt8]) {
        addLength(UInt64(bytes.count))
        bytes.withUnsafeBytes { hash.update($0) }
    }

    func add(file path: String) throws {
        let contents = try ExtentList(file: path)
        addLength(contents.length)
        try ExtentReader.read(contents) { hash.update($0) }
    }

    func finalize() -> String { hash.finalize().hex }

    private func addLength(_ length: UInt64) {
        withUnsafeBytes(of: length.littleEndian) { hash.update($0) }
    }
}

/// The folder of this project's binaries that go into images.
public struct Products: Sendable {
    public let folder: String

    public init(folder: String) { self.folder = folder }

    func path(of name: String) throws -> String {
        let path = "\(folder)/\(name)"
        guard try HostFiles.exists(path) else {
            throw BuildError(
                "the image needs the program '\(PlainText.short(name))', which is not in '\(PlainText.short(folder))'",
                hint: "it is one of moby's guest programs: name their folder with --products or MOBY_PRODUCTS; "
                    + "in a checkout of moby, 'make build' builds them")
        }
        return path
    }
}
