internal import BootLayout
internal import GuestSystem

/// What `moby.root=` names: `UUID=…`, `LABEL=…`, or a device such as `/dev/vda` or `vda`.
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

    /// Whether it names the volume on a device.
    func matches(device: String, _ volume: BlockVolume) -> Bool {
        switch kind {
        case .uuid(let uuid): volume.uuid == uuid
        case .label(let label): volume.label == label
        case .device(let name): device == name
        }
    }
}

extension BlockVolume {
    /// Nil for a file system that cannot be a root.
    var rootFileSystem: RootFileSystem? { RootFileSystem.allCases.first { $0.type == type } }

    /// For messages.
    var text: String {
        "\(rootFileSystem?.name ?? type), " + (uuid.isEmpty ? "LABEL=\(label)" : "UUID=\(uuid)")
    }
}
