internal import Archive
internal import Extents
internal import OCI

/// Stores a file tree as one gzipped layer.
enum ImageLayer {
    static func store(_ tree: FileTree, in store: ContentStore) throws -> Image.Layer {
        let hash = SHA256()
        let blob = try store.ingest { output in
            var sink = BorrowedSink(output: output)
            try Compression.gzip.compress(to: &sink) { plain in
                try withUnsafeMutablePointer(to: &plain) { plain in
                    let tar = TarWriter { bytes in
                        hash.update(bytes)
                        try plain.pointee.write(bytes)
                    }
                    try tar.add(tree)
                    try tar.finish()
                }
            }
            output = sink.output
        }
        guard let diffID = Digest(sha256: hash.finalize()) else {
            preconditionFailure("SHA-256 is 64 hexadecimal digits")
        }
        return Image.Layer(digest: blob.digest, size: blob.size, diffID: diffID)
    }
}

/// A sink of unknown type as one of known type.
private struct BorrowedSink: ByteSink {
    var output: any ByteSink

    mutating func write(_ bytes: UnsafeRawBufferPointer) throws { try output.write(bytes) }
}
