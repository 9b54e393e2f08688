internal import Extents

/// How the bytes of a disk are put into a file.
struct DiskWrapping: Sendable {
    let kind: OutputFormat.Wrapping
    /// What the size of the disk must be a multiple of, in bytes.
    var sizeUnit: UInt64 = 1 << 20
    let wrap: @Sendable (ExtentList) throws -> Artifact.Content
}

extension DiskWrapping {
    /// As they are.
    static let raw = DiskWrapping(kind: .raw) { .extents($0) }
}
