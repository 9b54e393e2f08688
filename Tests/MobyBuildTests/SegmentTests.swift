import Extents
import FoundationEssentials
import OCI
import TestSupport
import Testing

@testable import MobyBuild

struct SegmentTests {
    static let key = CacheKey(
        role: .image, content: "sha256:00", platform: "linux/amd64", destination: "/images/00", rules: "container 1",
        encoding: "newc 1, none")

    @Test func keyIsTextAndItsDigest() {
        #expect(
            Self.key.description
                == "role image\ncontent sha256:00\nplatform linux/amd64\ndestination /images/00\nrules container 1\nencoding newc 1, none\n"
        )
        #expect(Self.key.hex == SHA256.hash(Array(Self.key.description.utf8)).hex)
    }

    @Test func keySaysWhatChanged() {
        let other = CacheKey(
            role: .image, content: "sha256:11", platform: "linux/amd64", destination: "/images/00",
            rules: "container 1",
            encoding: "newc 1, gzip")
        #expect(
            other.changes(since: Self.key) == [
                "content: sha256:00 -> sha256:11", "encoding: newc 1, none -> newc 1, gzip",
            ])
        #expect(Self.key.changes(since: Self.key) == [])
    }

    @Test func aSegmentWithoutItsRecordOrCutShortIsNotThere() async throws {
        try await Workshop.with { workshop in
            let cache = BuildCache(store: workshop.store)
            let key = Self.key
            #expect(try cache.segment(key, title: "a") == nil)
            let made = try cache.store(
                key, title: "a", record: SegmentRecord(key: key.description, unpacked: 4096, entries: 1)
            ) {
                try $0.write([1, 2, 3])
            }
            #expect(!made.isHit)
            let found = try #require(try cache.segment(key, title: "a"))
            #expect(found.isHit && found.record.size == 3 && found.record.unpacked == 4096)
            try Data([1, 2]).write(to: URL(filePath: cache.path(key)))
            #expect(try cache.segment(key, title: "a") == nil)
            try Data([1, 2, 3]).write(to: URL(filePath: cache.path(key)))
            #expect(try cache.segment(key, title: "a") != nil)
            try FileManager.default.removeItem(atPath: cache.path(key) + ".json")
            #expect(try cache.segment(key, title: "a") == nil)
        }
    }

    /// Two builds may make the same segment: the first one's file stays, for its build is reading it.
    @Test func aSegmentMadeTwiceDoesNotDisturbItsReader() async throws {
        try await Workshop.with { workshop in
            let cache = BuildCache(store: workshop.store)
            func make() throws -> Segment {
                try cache.store(Self.key, title: "a", record: SegmentRecord(key: Self.key.description)) {
                    try $0.write([1, 2, 3])
                }
            }
            let (first, second) = (try make(), try make())
            #expect(try ExtentReader.bytes(of: first.bytes) == [1, 2, 3])
            #expect(try ExtentReader.bytes(of: second.bytes) == [1, 2, 3])
        }
    }

    @Test func damageIsFoundAndMended() async throws {
        try await Workshop.with { workshop in
            let cache = BuildCache(store: workshop.store)
            _ = try cache.store(Self.key, title: "a", record: SegmentRecord(key: Self.key.description)) {
                try $0.write([1, 2, 3])
            }
            #expect(try cache.damaged(repair: false).found == [])
            for file in ["", ".json"] {
                #expect(
                    try FileManager.default.attributesOfItem(atPath: cache.path(Self.key) + file)[.posixPermissions]
                        as? Int == 0o600)
            }
            try Data([1, 9, 3]).write(to: URL(filePath: cache.path(Self.key)))
            #expect(try cache.damaged(repair: true).found == ["segments/\(Self.key.hex)"])
            #expect(try cache.damaged(repair: false).found == [])
            #expect(try cache.segment(Self.key, title: "a") == nil)
        }
    }

    /// What changed is not there: bytes, names, the record, one after the other.
    @Test(arguments: ["", ".names", ".json"]) func aFlippedByteMakesASegmentAbsent(file: String) async throws {
        try await Workshop.with { workshop in
            let cache = BuildCache(store: workshop.store)
            let names = RootListing(try Workshop.tree([("etc/motd", .file("x"))]))
            func make() throws -> Segment {
                let record = SegmentRecord(key: Self.key.description, unpacked: 4096, entries: 2)
                return try cache.store(Self.key, title: "a", record: record, names: names) { try $0.write([1, 2, 3]) }
            }
            _ = try make()
            #expect(try cache.segment(Self.key, title: "a", withNames: true)?.names?.entries == names.entries)
            var bytes = try workshop.read(cache.path(Self.key) + file)
            // In the record: the number of bytes when unpacked.
            let position = file == ".json" ? try #require(bytes.firstIndex(of: UInt8(ascii: "4"))) : 1
            bytes[position] ^= 0x01
            try Data(bytes).write(to: URL(filePath: cache.path(Self.key) + file))
            #expect(try !cache.damaged(repair: false).found.isEmpty)
            // The bytes are compared when they are read, or copied.
            let found = try cache.segment(Self.key, title: "a", withNames: true)
            #expect((found == nil) == !file.isEmpty)
            if let found {
                #expect(throws: ExtentError.self) { try ExtentWriter.write(found.bytes, to: workshop.folder + "/copy") }
                #expect(workshop.store.damage.map(\.file) == ["segments/\(Self.key.hex)"])
                #expect(try FolderTree.names(in: workshop.folder) == ["store"])
            }
            #expect(try cache.segment(Self.key, title: "a", withNames: true) == nil)
            _ = try make()
            let again = try #require(try cache.segment(Self.key, title: "a", withNames: true))
            #expect(try ExtentReader.bytes(of: again.bytes) == [1, 2, 3])
        }
    }

    /// Older versions wrote no checksum, and everybody could read the file.
    @Test func anOldSegmentGetsItsChecksum() async throws {
        try await Workshop.with { workshop in
            let cache = BuildCache(store: workshop.store)
            let record = SegmentRecord(key: Self.key.description)
            let made = try cache.store(Self.key, title: "a", record: record) { try $0.write([1, 2, 3]) }
            var old = made.record
            (old.crc32c, old.ownCRC32C) = (nil, nil)
            for bytes in [[1, 2, 3], [1, 9, 3]] as [[UInt8]] {
                try JSONEncoder().encode(old).write(to: URL(filePath: cache.path(Self.key) + ".json"))
                try Data(bytes).write(to: URL(filePath: cache.path(Self.key)))
                let found = try cache.segment(Self.key, title: "a")
                #expect((found?.record.crc32c == made.record.crc32c) == (bytes[1] == 2))
                #expect((found == nil) == (bytes[1] == 9))
            }
        }
    }

    /// A record of accounts, a kernel, an image are made from one image; the origin of roots and volumes is not known.
    @Test func whatWasMadeFromDamageIsFound() async throws {
        try await Workshop.with { workshop in
            let cache = BuildCache(store: workshop.store)
            let (bad, good) = (
                try workshop.image("a:1", [("a", .file("a"))]), try workshop.image("b:1", [("b", .file("b"))])
            )
            let rows: [(CacheKey.Role, String, Bool)] = [
                (.image, bad.identity, true), (.record, bad.identity, true), (.kernel, good.identity, false),
                (.root, "0abc", true),
                (.volume, "\(bad.identity) \(good.identity)", true), (.spec, "0abc", false), (.sentinel, "0abc", false),
            ]
            var expected: [String] = []
            for (role, content, isDerived) in rows {
                let key = CacheKey(
                    role: role, content: content, platform: "", destination: "/", rules: "1", encoding: "none")
                _ = try cache.store(key, title: "a", record: SegmentRecord(key: key.description)) { try $0.write([1]) }
                if isDerived { expected.append("segments/\(key.hex)") }
            }
            #expect(try cache.derived(from: [], remove: true) == [])
            let damaged = [bad.layers[0].diffID]
            #expect(try cache.derived(from: damaged, remove: false).sorted() == expected.sorted())
            #expect(try cache.derived(from: damaged, remove: true).count == expected.count)
            #expect(try cache.derived(from: damaged, remove: true) == [])
        }
    }

    @Test func nothingIsLeftOfASegmentThatFailed() async throws {
        struct Stop: Error {}
        try await Workshop.with { workshop in
            let cache = BuildCache(store: workshop.store)
            #expect(throws: Stop.self) {
                _ = try cache.store(Self.key, title: "a", record: SegmentRecord(key: Self.key.description)) { sink in
                    try sink.write([1])
                    throw Stop()
                }
            }
            let left = try TestFile.names(in: cache.folder)
            #expect(left == [])
        }
    }

    @Test func padsBetweenSegments() throws {
        let list = ExtentList.concatenating([
            ExtentList([.bytes([1])]), ExtentList(), ExtentList([.bytes([2, 3, 4, 5])]), ExtentList([.bytes([6])]),
        ])
        #expect(try ExtentReader.bytes(of: list) == [1, 0, 0, 0, 2, 3, 4, 5, 6, 0, 0, 0])
    }
}

extension CacheKey {
    /// The parts in which this key differs from an older one: why something is made again.
    fileprivate func changes(since old: CacheKey) -> [String] {
        zip(fields, old.fields).filter { $0.value != $1.value }.map { "\($0.name): \($1.value) -> \($0.value)" }
    }
}
