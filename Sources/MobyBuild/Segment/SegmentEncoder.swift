internal import Archive
internal import Extents

/// Makes segments, several at a time; the result is in the order asked for, whichever ended first.
enum SegmentEncoder {
    static func encode(_ planned: [PlannedSegment], in cache: BuildCache) async throws -> [Segment] {
        var results = [Segment?](repeating: nil, count: planned.count)
        try await cache.prefetch(planned.map(\.key))
        var order = try planned.indices.filter { index in
            results[index] = try planned[index].cached(in: cache)
            return results[index] == nil
        }.sorted { planned[$0].compressedSize > planned[$1].compressedSize }[...]
        try await cache.prefetchLayers(of: order.flatMap { planned[$0].images })
        @Sendable func encode(_ index: Int) async throws -> (Int, Segment) {
            (index, try await cache.supplied { try planned[index].encode(in: cache) })
        }
        try await withThrowingTaskGroup(of: (Int, Segment).self) { group in
            var running = 0
            while running < limit(planned), let index = order.popFirst() {
                group.addTask { try await encode(index) }
                running += 1
            }
            while let (index, segment) = try await group.next() {
                results[index] = segment
                if let next = order.popFirst() { group.addTask { try await encode(next) } }
            }
        }
        return results.compactMap(\.self)
    }

    /// zstd has workers of its own, with buffers of some 25 MiB each time; a second segment at once would only
    /// double them.
    private static func limit(_ planned: [PlannedSegment]) -> Int {
        planned.contains { $0.compression.hasWorkers } ? 1 : 2
    }
}

extension Compression {
    fileprivate var hasWorkers: Bool {
        if case .zstd = self { return true }
        return false
    }
}

extension FileTree.Node {
    static func file(_ text: String, mode: UInt16, uid: UInt32 = 0, gid: UInt32 = 0) -> FileTree.Node {
        FileTree.Node(.regular(ExtentList([.bytes(Array(text.utf8))])), mode: mode, uid: uid, gid: gid)
    }
}

extension FileTree {
    /// Removes names and all that lies below them.
    mutating func removeAll(_ targets: [TreePath]) {
        let directories = targets.filter { isDirectory($0) }
        if !directories.isEmpty {
            for path in paths where directories.contains(where: { path.isInside($0) }) { remove(path) }
        }
        for target in targets { remove(target) }
    }

    /// Memory of the unpacked files in whole pages, names, and names with extended attributes.
    /// - Parameter paths: all of them; sorting is not done twice.
    func measure(_ paths: [TreePath]) -> (unpacked: UInt64, entries: Int, withAttributes: Int) {
        var seen = Set<Int>()
        var result: (unpacked: UInt64, entries: Int, withAttributes: Int) = (0, count, 0)
        for path in paths {
            guard let node = self[path] else { continue }
            if !node.attributes.isEmpty { result.withAttributes += 1 }
            guard case .regular(let content) = node.kind, let identity = identity(of: path),
                seen.insert(identity).inserted
            else {
                continue
            }
            result.unpacked += (content.length + 4095) / 4096 * 4096
        }
        return result
    }
}

extension FileTree {
    /// Unpacks another tree over this one, as the kernel unpacks one archive of an initrd after another: later names
    /// replace earlier ones, directories stay and take the later owner and mode.
    mutating func unpack(_ other: FileTree, under destination: TreePath) {
        makeDirectories(other[.root] == nil ? destination : destination.parent)
        graft(other) { destination.appending($0) }
    }
}
