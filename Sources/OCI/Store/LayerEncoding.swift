internal import Glibc

/// How a layer is compressed, by what it begins with (RFC 1952; RFC 8878).
enum LayerEncoding {
    case plain
    case gzip
    case zstd

    init(_ start: some Collection<UInt8>) {
        self =
            start.starts(with: [0x1f, 0x8b]) ? .gzip : start.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) ? .zstd : .plain
    }

    /// Looks at a file; one that cannot be read counts as plain, and is reported by whoever reads it.
    init(file path: String) {
        var start = [UInt8](repeating: 0, count: 4)
        let file = open(path, O_RDONLY | O_CLOEXEC)
        let got = file < 0 ? 0 : read(file, &start, 4)
        if file >= 0 { close(file) }
        self.init(start.prefix(max(got, 0)))
    }

    /// What follows the media type of a layer.
    var suffix: String {
        switch self {
        case .plain: ""
        case .gzip: "+gzip"
        case .zstd: "+zstd"
        }
    }
}
