/// What `moby.root=` says: `UUID=…`, `LABEL=…`, or a device such as `/dev/vda` or `vda`.
struct RootName: Equatable, CustomStringConvertible {
    enum Kind: Equatable {
        case uuid(String)
        case label(String)
        case device(String)
    }

    let kind: Kind
    let description: String

    init(_ text: String) {
        description = text
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        switch parts.first {
        case "UUID" where parts.count == 2: kind = .uuid(parts[1].lowercased())
        case "LABEL" where parts.count == 2: kind = .label(parts[1])
        default: kind = .device(text.hasPrefix("/dev/") ? String(text.dropFirst(5)) : text)
        }
    }

    /// Whether the file system on a device is the one that is meant.
    func matches(device: String, _ volume: RootVolume) -> Bool {
        switch kind {
        case .uuid(let uuid): volume.uuid == uuid
        case .label(let label): volume.label == label
        case .device(let name): device == name
        }
    }
}
