public import Extents
internal import FoundationEssentials
internal import Glibc
internal import MobySpec

/// What is installed with this program: the definitions of its system images, in `pkg/` and `kernel/`, and the guest
/// programs that go into them. `@moby:NAME` names a definition.
///
/// | | definitions | guest programs |
/// |---|---|---|
/// | installed below PREFIX | `PREFIX/share/moby` | `PREFIX/lib/moby` |
/// | a checkout of the source | its folder | `.build/release` |
///
/// `MOBY_SHARE` and `MOBY_PRODUCTS` name other folders.
public struct Installation: Sendable {
    /// How the definitions were found.
    public enum Origin: Sendable, Equatable {
        /// `MOBY_SHARE` names them.
        case environment
        /// They are next to the program's folder.
        case prefix
        /// The program runs in a checkout.
        case checkout
    }

    /// Absolute; nil when the program is alone.
    public let share: String?
    public let origin: Origin?
    /// The folder of the guest programs `init` and `metadata`.
    public let products: String
    /// Where definitions were looked for, for messages.
    private let expected: String

    public static let shareVariable = "MOBY_SHARE"
    public static let productsVariable = "MOBY_PRODUCTS"
    /// The file in ``share`` that names a registry with the images, see ``PublishedImages``.
    public static let imagesFile = "images.json"

    /// - Parameter executable: the real, absolute path of this program.
    /// - Throws: `FileError`.
    public init(executable: String, environment: [String: String]) throws {
        let folder = Self.parent(of: executable)
        let prefix = Self.parent(of: folder)
        let installed = "\(prefix)/share/moby"
        let checkout = try Self.checkout(above: folder)
        expected = installed
        if let named = environment[Self.shareVariable], !named.isEmpty {
            share =
                URL(filePath: named, directoryHint: .isDirectory).standardizedFileURL.path(percentEncoded: false)
                .withoutLastSlash
            origin = .environment
        } else if try HostFiles.isFolder("\(installed)/pkg") {
            (share, origin) = (installed, .prefix)
        } else {
            (share, origin) = (checkout, checkout.map { _ in .checkout })
        }
        let library = "\(prefix)/lib/moby"
        if let named = environment[Self.productsVariable] {
            products = named
        } else if try HostFiles.isFolder(library) {
            products = library
        } else {
            products = checkout.map { "\($0)/.build/release" } ?? folder
        }
    }

    /// The names of the definitions, in order.
    /// - Throws: ``InstallationError``, `FileError`.
    public func names() throws -> [String] {
        let share = try definitions()
        let kernels = try Self.packages(in: "\(share)/kernel").map { "\(Self.kernel)-\($0)" }
        let kernel = try Self.isPackage("\(share)/\(Self.kernel)") ? [Self.kernel] : []
        return (try Self.packages(in: "\(share)/pkg") + kernel + kernels).sorted()
    }

    /// The folder of a definition: `kernel/` for `kernel`, `kernel/all` for `kernel-all` and `kernel/all`, else a folder
    /// in `pkg/`.
    /// - Throws: ``InstallationError``, `FileError`.
    public func folder(of name: String) throws -> String {
        let share = try definitions()
        if let folder = try Self.folder(of: name, in: share) { return folder }
        throw InstallationError.unknown(name, known: try names())
    }

    /// Whether there is such a definition.
    /// - Throws: `FileError`.
    public func has(_ name: String) throws -> Bool { try share.flatMap { try Self.folder(of: name, in: $0) } != nil }

    private static func folder(of name: String, in share: String) throws -> String? {
        let isName =
            name.utf8.allSatisfy { $0.isASCIILowercase || $0.isASCIIDigit || "-._/".utf8.contains($0) }
            && !name.contains("..")
        let kernel = name == Self.kernel ? name : name.hasPrefix("kernel-") ? "kernel/\(name.dropFirst(7))" : nil
        let places = name.hasPrefix("kernel/") ? [name] : ["pkg/\(name)", kernel].compactMap(\.self)
        guard isName else { return nil }
        return try places.map { "\(share)/\($0)" }.first(where: isPackage)
    }

    /// Where a registry has the images; nil when the installation names none.
    /// - Throws: `FileError`, `BuildError`.
    public func publishedImages() throws -> PublishedImages? {
        guard let share else { return nil }
        let file = "\(share)/\(Self.imagesFile)"
        return try HostFiles.readIfPresent(file, limit: 1 << 20).map { try PublishedImages(parsing: $0, file: file) }
    }

    /// The file with apt's sources, `pkg/RELEASE.sources`, that the definitions need on this host; nil on the Debian
    /// release that they are made for, whose own sources and mirrors are used.
    /// - Parameter system: the file that describes the host's system (os-release(5)).
    /// - Throws: `FileError`.
    public func aptSources(system: String = "/etc/os-release") throws -> String? {
        guard let share else { return nil }
        let names = try FolderTree.names(in: "\(share)/pkg").filter { $0.hasSuffix(".sources") }
        guard let name = names.first else { return nil }
        let text = try HostFiles.readIfPresent(system, limit: 1 << 20).map { String(decoding: $0, as: UTF8.self) }
        let lines = Set((text ?? "").split(separator: "\n").map { $0.replacing("\"", with: "") })
        let isSame = lines.contains("ID=debian") && lines.contains("VERSION_CODENAME=\(name.dropLast(8))")
        return isSame ? nil : "\(share)/pkg/\(name)"
    }

    private static let kernel = "kernel"

    private func definitions() throws -> String {
        guard let share else { throw InstallationError.none(expected: expected) }
        guard try HostFiles.isFolder("\(share)/pkg") else { throw InstallationError.empty(share) }
        return share
    }

    private static func packages(in folder: String) throws -> [String] {
        try FolderTree.names(in: folder).filter { try isPackage("\(folder)/\($0)") }
    }

    private static func isPackage(_ folder: String) throws -> Bool {
        try HostFiles.exists("\(folder)/\(PackageFolder.fileName)")
    }

    /// The folder of the source that a program built by SwiftPM is in.
    private static func checkout(above folder: String) throws -> String? {
        var folder = folder
        while !folder.isEmpty {
            if try HostFiles.exists("\(folder)/Package.swift"), try isPackage("\(folder)/\(kernel)") { return folder }
            folder = parent(of: folder)
        }
        return nil
    }

    private static func parent(of path: String) -> String {
        String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    }
}

/// A system image that cannot be found by its name.
public enum InstallationError: HintedError, CustomStringConvertible, Sendable, Equatable {
    /// The program was copied without its definitions.
    case none(expected: String)
    /// The folder that `MOBY_SHARE` names has no definitions.
    case empty(String)
    case unknown(String, known: [String])

    public var description: String {
        switch self {
        case .none(let expected):
            "the definitions of moby's system images are not installed: '\(PlainText.short(expected))' does not exist"
        case .empty(let folder): "'\(PlainText.short(folder))' of MOBY_SHARE has no folder 'pkg' with definitions"
        case .unknown(let name, _): "moby has no system image '\(PlainText.short(name))'"
        }
    }

    public var hint: String? {
        switch self {
        case .none: "install moby with its folder share/moby, or name a folder with pkg/ and kernel/ in MOBY_SHARE"
        case .empty: nil
        case .unknown(let name, let known):
            Spelling.closest(to: name, in: known).map { "did you mean '\($0)'?" }
                ?? "it has \(known.joined(separator: ", "))"
        }
    }
}

extension String {
    fileprivate var withoutLastSlash: String { count > 1 && hasSuffix("/") ? String(dropLast()) : self }
}
