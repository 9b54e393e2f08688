import Extents
import FoundationEssentials
import OCI
import Testing

@testable import MobyBuild

struct SegmentTests {
    static let key = SegmentKey(
        role: .image, content: "sha256:00", platform: "linux/amd64", destination: "/images/00", rules: "container 1",
        encoding: "newc 1, none")

    @Test func keyIsTextAndItsDigest() {
        #expect(
            Self.key.description
                == "role image\ncontent sha256:00\nplatform linux/amd64\ndestination /images/00\nrules container 1\nencoding newc 1, none\n"
        )
        #expect(Self.key.hex == SHA256.hash(Array(Self.key.description.utf8)))
    }

    @Test func keySaysWhatChanged() {
        let other = SegmentKey(
            role: .image, content: "sha256:11", platform: "linux/amd64", destination: "/images/00", rules: "container 1",
            encoding: "newc 1, gzip")
        #expect(other.changes(since: Self.key) == ["content: sha256:00 -> sha256:11", "encoding: newc 1, none -> newc 1, gzip"])
        #expect(Self.key.changes(since: Self.key) == [])
    }

    @Test func aSegmentWithoutItsRecordOrCutShortIsNotThere() async throws {
        try await Workshop.with { workshop in
            let cache = try SegmentCache(store: workshop.store.path)
            let key = Self.key
            #expect(cache.segment(key, title: "a") == nil)
            let made = try cache.store(key, title: "a", record: SegmentRecord(key: key.description, unpacked: 4096, entries: 1)) {
                try $0.write([1, 2, 3])
            }
            #expect(!made.isHit)
            let found = try #require(cache.segment(key, title: "a"))
            #expect(found.isHit && found.record.size == 3 && found.record.unpacked == 4096)
            try Data([1, 2]).write(to: URL(filePath: cache.path(key)))
            #expect(cache.segment(key, title: "a") == nil)
            try Data([1, 2, 3]).write(to: URL(filePath: cache.path(key)))
            #expect(cache.segment(key, title: "a") != nil)
            try FileManager.default.removeItem(atPath: cache.path(key) + ".json")
            #expect(cache.segment(key, title: "a") == nil)
        }
    }

    /// Two builds may make the same segment: the first one's file stays, for its build is reading it.
    @Test func aSegmentMadeTwiceDoesNotDisturbItsReader() async throws {
        try await Workshop.with { workshop in
            let cache = try SegmentCache(store: workshop.store.path)
            func make() throws -> Segment {
                try cache.store(Self.key, title: "a", record: SegmentRecord(key: Self.key.description)) { try $0.write([1, 2, 3]) }
            }
            let (first, second) = (try make(), try make())
            #expect(try ExtentReader.bytes(of: first.bytes) == [1, 2, 3])
            #expect(try ExtentReader.bytes(of: second.bytes) == [1, 2, 3])
        }
    }

    @Test func damageIsFoundAndMended() async throws {
        try await Workshop.with { workshop in
            let cache = try SegmentCache(store: workshop.store.path)
            _ = try cache.store(Self.key, title: "a", record: SegmentRecord(key: Self.key.description)) { try $0.write([1, 2, 3]) }
            #expect(try cache.damaged(repair: false) == [])
            try Data([1, 9, 3]).write(to: URL(filePath: cache.path(Self.key)))
            #expect(try cache.damaged(repair: true) == ["segments/\(Self.key.hex)"])
            #expect(try cache.damaged(repair: false) == [])
            #expect(cache.segment(Self.key, title: "a") == nil)
        }
    }

    @Test func nothingIsLeftOfASegmentThatFailed() async throws {
        struct Stop: Error {}
        try await Workshop.with { workshop in
            let cache = try SegmentCache(store: workshop.store.path)
            #expect(throws: Stop.self) {
                _ = try cache.store(Self.key, title: "a", record: SegmentRecord(key: Self.key.description)) { sink in
                    try sink.write([1])
                    throw Stop()
                }
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: cache.folder) == [])
        }
    }

    @Test func padsBetweenSegments() throws {
        let list = ExtentList.concatenating([
            ExtentList([.bytes([1])]), ExtentList(), ExtentList([.bytes([2, 3, 4, 5])]), ExtentList([.bytes([6])]),
        ])
        #expect(try ExtentReader.bytes(of: list) == [1, 0, 0, 0, 2, 3, 4, 5, 6, 0, 0, 0])
    }
}
