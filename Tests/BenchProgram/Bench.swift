internal import Archive
internal import Extents
internal import Glibc

/// Measures the stages of a build on one compressed layer: `bench LAYER.tar.gz FOLDER`. Prints `stage bytes seconds`
/// lines.
@main
enum Bench {
    static func main() throws {
        guard CommandLine.arguments.count == 3 else {
            perror("usage: bench LAYER.tar.gz FOLDER")
            exit(64)
        }
        let compressed = try ExtentList(file: CommandLine.arguments[1])
        let layer = CommandLine.arguments[2] + "/layer.tar"
        let archive = CommandLine.arguments[2] + "/layer.cpio"

        var plain: UInt64 = 0
        try stage("gunzip") {
            try Compression.decompress(compressed) { plain += UInt64($0.count) }
            return plain
        }
        try ExtentWriter.stream(to: layer) { sink in try Compression.decompress(compressed) { try sink.write($0) } }

        let layers = [try ExtentList(file: layer)]
        var tree = FileTree()
        try stage("flatten") {
            tree = try FileTree.flatten(layers: layers)
            return plain
        }
        var count = CountingSink()
        try stage("cpio") {
            try CPIO.write(tree, to: &count)
            return count.bytes
        }
        try ExtentWriter.stream(to: archive) { try CPIO.write(tree, to: &$0) }
        for (name, compression) in [("gzip", Compression.gzip), ("zstd", .zstd(level: 3))] {
            try stage(name) {
                var output = CountingSink()
                try compression.compress(to: &output) { sink in
                    try ExtentReader.read(try ExtentList(file: archive)) { try sink.write($0) }
                }
                return count.bytes
            }
        }
    }

    private static func stage(_ name: String, _ run: () throws -> UInt64) rethrows {
        let clock = ContinuousClock()
        let start = clock.now
        let bytes = try run()
        let seconds = (clock.now - start) / .seconds(1)
        print(name, bytes, seconds)
    }
}

/// Counts bytes and drops them.
struct CountingSink: ByteSink {
    var bytes: UInt64 = 0

    mutating func write(_ buffer: UnsafeRawBufferPointer) { bytes += UInt64(buffer.count) }
}
