/// A name that hides what lower layers have (image-spec, layer.md, "Whiteouts").
enum Whiteout {
    /// Everything in the directory.
    case opaque
    case name(ArraySlice<UInt8>)

    static let prefix = Array(".wh.".utf8)

    init(_ name: ArraySlice<UInt8>, in entry: [UInt8]) throws {
        let hidden = name.dropFirst(Self.prefix.count)
        if hidden.elementsEqual(".wh..opq".utf8) {
            self = .opaque
        } else if hidden.isEmpty || hidden.elementsEqual(".".utf8) || hidden.elementsEqual("..".utf8) {
            throw TarFault(entry: entry, reason: "a whiteout of nothing")
        } else if hidden.starts(with: Self.prefix) {
            throw TarFault(
                entry: entry, reason: "a name kept for AUFS", hint: "the image was saved by a very old Docker; pull and push it anew")
        } else {
            self = .name(hidden)
        }
    }
}
