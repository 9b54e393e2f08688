/// A name that hides what lower layers have (image-spec, layer.md, "Whiteouts").
enum Whiteout {
    /// Everything in the directory.
    case opaque
    case name(ArraySlice<UInt8>)

    static let prefix = Array(".wh.".utf8)

    /// Whether a name is in AUFS's own files (`.wh..wh.aufs`, `.wh..wh.orph`, `.wh..wh.plnk`), which say nothing of the
    /// image.
    static func isAUFS(_ path: TreePath) -> Bool {
        // Nearly no name has the letters at all.
        let isPossible = path.bytes.withUnsafeBufferPointer { bytes in
            bytes.indices.dropLast(2).contains {
                bytes[$0] == aufsPrefix[0] && bytes[$0 + 1] == aufsPrefix[1] && bytes[$0 + 2] == aufsPrefix[2]
            }
        }
        guard isPossible else { return false }
        let parts = path.bytes.split(separator: TreePath.separator)
        return parts.contains { $0.starts(with: aufsPrefix) && !$0.elementsEqual(opaqueName) }
    }

    private static let aufsPrefix = prefix + prefix
    private static let opaqueName = Array(".wh..wh..opq".utf8)

    init(_ name: ArraySlice<UInt8>, in entry: [UInt8]) throws {
        let hidden = name.dropFirst(Self.prefix.count)
        if hidden.elementsEqual(".wh..opq".utf8) {
            self = .opaque
        } else if hidden.isEmpty || hidden.elementsEqual(".".utf8) || hidden.elementsEqual("..".utf8) {
            throw LayerError(entry: entry, reason: "a whiteout without a name")
        } else {
            self = .name(hidden)
        }
    }
}
