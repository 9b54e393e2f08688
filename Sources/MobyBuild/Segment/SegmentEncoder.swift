internal import Archive
internal import Extents

/// Makes segments, several at a time; the result is in the order asked for, whichever ended first.
enum SegmentEncoder {
    static func encode(_ planned: [PlannedSegment], in cache: SegmentCache) async throws -> [Segment] {
        var results = [Segment?](repeating: nil, count: planned.count)
        var order = try planned.indices.filter { index in
            results[index] = try planned[index].cached(in: cache)
            return results[index] == nil
        }.sorted { planned[$0].weight > planned[$1].weight }[...]
        try await withThrowingTaskGroup(of: (Int, Segment).self) { group in
            var running = 0
            while running < limit(planned), let index = order.popFirst() {
                group.addTask { (index, try planned[index].encode(in: cache)) }
                running += 1
            }
            while let (index, segment) = try await group.next() {
                results[index] = segment
                if let next = order.popFirst() { group.addTask { (next, try planned[next].encode(in: cache)) } }
            }
        }
        return results.compactMap(\.self)
    }

    /// zstd has workers of its own, with buffers of some 25 MiB each time; a second segment beside would gain nothing
    /// but twice of them.
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
