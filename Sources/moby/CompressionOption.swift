internal import Archive
internal import ArgumentParser
internal import Extents

/// `--compress`: `none`, `gzip`, `zstd`, `zstd:LEVEL`.
enum CompressionOption {
    static func parse(_ text: String) throws -> Compression {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        switch (parts[0], parts.count) {
        case ("none", 1): return .none
        case ("gzip", 1): return .gzip
        case ("zstd", 1): return .zstd(level: 3)
        case ("zstd", 2):
            if let level = Int32(parts[1]), (1...19).contains(level) { return .zstd(level: level) }
        default: break
        }
        throw ValidationError(
            "--compress is '\(PlainText.short(text))', expected none, gzip, zstd or zstd:1 to zstd:19")
    }
}
