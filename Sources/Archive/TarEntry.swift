internal import Extents

/// One entry of a tar archive, before its name is looked at.
struct TarEntry {
    enum Content {
        case node(FileTree.Kind)
        case hardLink([UInt8])
    }

    let name: [UInt8]
    let content: Content
    let mode: UInt16
    let uid: UInt32
    let gid: UInt32
    let modified: Int64
    let attributes: [FileTree.Attribute]
}

/// Why an entry cannot be used.
struct TarFault: Error {
    let entry: [UInt8]?
    let reason: String
    var hint: String?
}
