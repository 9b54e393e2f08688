internal import Extents
public import JSON
internal import MobySpec
internal import OCI

/// A system image of an installation, as `moby pkg ls` lists it.
public struct SystemImage: Sendable {
    /// What follows `@moby:`.
    public let name: String
    /// The definition's folder.
    public let folder: String
    /// What the definition's comment says first.
    public let summary: String
    /// The local reference; nil when the image does not exist for the platform.
    public let reference: String?
    /// Of the image in the store; nil when the store does not have it.
    public let digest: String?
    /// The image in the registry that the installation names.
    public let source: String?

    public var json: JSONValue {
        func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
        return .object([
            ("name", .string(name)), ("folder", .string(folder)), ("summary", .string(summary)),
            ("reference", text(reference)), ("digest", text(digest)), ("source", text(source)),
        ])
    }
}

extension Installation {
    /// All system images, in order of their names.
    /// - Throws: ``InstallationError``, `SpecError` for a definition that is wrong, `FileError`.
    public func images(of builder: PackageBuilder) throws -> [SystemImage] {
        let published = try publishedImages()
        return try names().map { name in
            let folder = try folder(of: name)
            var reference: String?
            var summary = ""
            // A definition that is wrong does not hide the others.
            do { summary = try PackageFolder(folder).summary } catch let error as SpecError {
                summary = "wrong definition: \(error.diagnostics.first?.message ?? "")"
            } catch let error as PackageError { summary = "wrong definition: \(error)" }
            do { reference = try builder.reference(of: folder) } catch let error as PackageError {
                summary = "\(error)"
            } catch is SpecError {
                // For example one that needs files which a build of the source puts into its folder.
            }
            return SystemImage(
                name: name, folder: folder, summary: summary, reference: reference,
                digest: try reference.flatMap { try builder.present($0)?.digest.description },
                source: reference.flatMap { published?.source(of: $0) })
        }
    }
}

extension PackageFolder {
    /// What the comment that `build.yml` begins with says first, up to a full stop or a colon; empty without one.
    var summary: String {
        let lines = String(decoding: text, as: UTF8.self).split(separator: "\n").prefix { $0.hasPrefix("#") }
        let comment = lines.map { $0.drop { $0 == "#" || $0 == " " } }.joined(separator: " ")
        let ends = [": ", "; ", ". "].compactMap { (comment + " ").firstRange(of: $0)?.lowerBound }
        return PlainText.line(comment[..<(ends.min() ?? comment.endIndex)].drop { $0 == " " })
    }
}
