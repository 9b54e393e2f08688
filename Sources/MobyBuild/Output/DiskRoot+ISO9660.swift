internal import Archive
internal import BootLayout
internal import DiskImage
internal import Extents
internal import MobySpec

extension DiskRoot {
    /// Changes whenever equal keys no longer give equal bytes.
    private static let discRules = "iso9660 1"

    /// The name of the volume, derived from ``identity``: ISO 9660 has no UUID.
    var volumeID: String { "ROOT_" + SHA256.hash(Array("\(Self.discRules)\n\(identity)".utf8)).prefix(24).uppercased() }

    /// The word of the command line that names this root as a disc.
    var discWord: String { "\(BootLayout.rootWord)=LABEL=\(volumeID)" }

    /// The root as ISO 9660 with Rock Ridge; contents are extents of the layers.
    /// - Parameter time: of the volume, in seconds since 1970.
    func disc(time: UInt64) throws -> ExtentList {
        let tree = try merged()
        return try context("writing the root as ISO 9660") {
            try ISO9660.image(ISO9660.entries(of: tree), volumeID: volumeID, time: Int64(clamping: time))
        }
    }

    /// What ISO 9660 leaves out of each part.
    func discWarnings() throws -> [Diagnostic] {
        try parts.compactMap { part in
            let tree = try part.tree()
            let count = tree.paths.count { tree[$0]?.attributes.isEmpty == false }
            guard count > 0 else { return nil }
            return Diagnostic(
                .warning, at: nil,
                "\(RootAssembly.files(count)) of '\(PlainText.short(part.source))' \(count == 1 ? "has" : "have") extended attributes, which ISO 9660 cannot carry",
                hint: "file capabilities among them have no effect; the format kernel+erofs keeps them")
        }
    }
}
