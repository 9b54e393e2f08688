internal import Archive
internal import DiskImage
internal import Extents
internal import GCP

/// A file for Compute Engine, looked at before it is sent: one pass for shape and checksum.
struct GCPTarball: Sendable, Equatable {
    let source: UploadSource
    /// Size of the disk in bytes.
    let diskSize: UInt64
    let isEFI: Bool

    static let suffix = ".img.tar.gz"

    /// - Throws: ``RunError`` for a file that Compute Engine would refuse; `FileError`.
    static func inspect(_ path: String) throws -> GCPTarball {
        let list = try ExtentList(file: path)
        var (inspector, check) = (GCPArchiveInspector(), CRC32C())
        let decompressor = Decompressor()
        var isFirst = true
        do {
            try ExtentReader.read(list) { bytes in
                if isFirst, !bytes.starts(with: [0x1f, 0x8b]) { throw RunError("it is not compressed with gzip") }
                isFirst = false
                check.update(bytes)
                try decompressor.write(bytes) { try inspector.write($0) }
            }
            try decompressor.finish { try inspector.write($0) }
            let facts = try inspector.finish()
            guard decompressor.trailing == 0 else {
                throw RunError("\(decompressor.trailing) bytes follow the end of the gzip stream")
            }
            return GCPTarball(
                source: UploadSource(path: path, size: list.length, crc32c: check.value), diskSize: facts.size,
                isEFI: facts.isEFI)
        } catch let error as FileError { throw error } catch let error as ExtentError { throw error } catch {
            throw RunError(
                "'\(path)' is not an image for Compute Engine: \(error)",
                hint: (error as? any HintedError)?.hint ?? "build one with: moby build --format gcp FILE.yml")
        }
    }

    /// The name of what is in a file: `web` for `out/web.img.tar.gz`.
    static func name(of path: String) -> String {
        let file = path.split(separator: "/").last.map(String.init) ?? path
        for suffix in [suffix, ".tar.gz"] where file.hasSuffix(suffix) { return String(file.dropLast(suffix.count)) }
        return file.split(separator: ".").first.map(String.init) ?? file
    }
}
