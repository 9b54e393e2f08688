internal import Extents
internal import FoundationEssentials

/// A file of a format.
struct Artifact: Sendable {
    let format: String
    let path: String
    let size: UInt64

    /// The files of the folders in a folder; what the build says of itself is none.
    static func all(in folder: String) throws -> [Artifact] {
        let files = FileManager.default
        return try files.contentsOfDirectory(atPath: folder).sorted().flatMap { format in
            try files.contentsOfDirectory(atPath: "\(folder)/\(format)").sorted().filter { !$0.hasSuffix(".json") }.map
            { name in
                let path = "\(folder)/\(format)/\(name)"
                return Artifact(format: format, path: path, size: try ExtentList(file: path).length)
            }
        }
    }
}
