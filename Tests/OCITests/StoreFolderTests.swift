import Extents
import Glibc
import TestSupport
import Testing

@testable import OCI

/// Which folders are stores, what makes one, and what is moby's in it.
struct StoreFolderTests {
    enum Folder: String, CaseIterable {
        case absent, empty, mount, early, marked, old, oldWithMore, file, layout, layoutWithMore, newer
    }

    /// What a writer says of a folder, nil when it takes it.
    private static let complaints: [Folder: String] = [
        .oldWithMore: "may be the image store of an older moby, but it also has 'thesis.txt'",
        .file: "is not an image store: it has 'thesis.txt' and no 'moby-store'",
        .layout: "is not an image store: it has 'blobs', 'index.json', 'oci-layout' and no 'moby-store'",
        .layoutWithMore: "is not an image store: it has 'thesis.txt' and no 'moby-store'",
        .newer: "has version 2, expected 1",
    ]

    private static func make(_ kind: Folder, _ path: String) throws {
        switch kind {
        case .absent: return
        case .empty: #expect(mkdir(path, 0o755) == 0)
        case .mount: #expect(mkdir(path, 0o755) == 0 && mkdir("\(path)/lost+found", 0o700) == 0)
        case .early: try TestFile.write("tcg", to: "\(path)/accelerator/0123")
        case .marked: try ContentStore(path: path).prepare()
        case .old, .oldWithMore:
            try ContentStore(path: path).prepare()
            #expect(unlink("\(path)/moby-store") == 0 && rmdir("\(path)/segments") == 0)
        case .file, .layout: break
        case .layoutWithMore, .newer: break
        }
        if [.layout, .layoutWithMore].contains(kind) { try SampleImage().write(layout: path) }
        if kind == .newer { try TestFile.write("version 2\n", to: "\(path)/moby-store") }
        if [.oldWithMore, .file, .layoutWithMore].contains(kind) { try TestFile.write("x", to: "\(path)/thesis.txt") }
    }

    @Test(arguments: Folder.allCases) func onlyWhatMobyMadeIsWrittenTo(_ kind: Folder) async throws {
        try await withTemporaryDirectory { folder in
            let path = "\(folder)/store"
            try Self.make(kind, path)
            let before = try TestFile.tree(in: folder)
            let complaint = Self.complaints[kind]
            do {
                let store = try ContentStore(path: path)
                #expect(try TestFile.tree(in: folder) == before, "opening writes nothing")
                _ = try store.ingest([1])
                #expect(complaint == nil)
                #expect(try TestFile.text("\(path)/moby-store").hasPrefix("version 1\n"))
                #expect(try ContentStore(path: path).verify().isWhole)
            } catch let error as StoreError {
                #expect(error.description.contains(complaint ?? "nothing"), "\(error)")
                #expect(error.hint?.contains("name an empty folder with --cache or MOBY_CACHE") == true)
                #expect(try TestFile.tree(in: folder) == before)
            }
        }
    }

    @Test(arguments: Folder.allCases) func readersMakeNothing(_ kind: Folder) async throws {
        guard kind != .newer else { return }
        try await withTemporaryDirectory { folder in
            let path = "\(folder)/store"
            try Self.make(kind, path)
            let before = try TestFile.tree(in: folder)
            let sample = try SampleImage()
            try sample.write(layout: "\(folder)/layout")
            var scratch: String?
            do {
                let store = try ContentStore(reading: path)
                #expect(try store.entries().isEmpty && store.verify().isWhole && !store.remove("x"))
                #expect(try store.prune(notUsedSince: 0, dryRun: true).files == 0)
                #expect(try store.image(named: "x", platform: ContentStoreTests.platform) == nil)
                guard ![.marked, .old].contains(kind) else { return }
                // What is unpacked without a store is gone with the reader.
                var options = ImageProvider.Options()
                options.platform = ContentStoreTests.platform
                let image = try await ImageProvider(store: store, options: options).image("oci:\(folder)/layout")
                #expect(try store.uncompressedLayers(of: image).count == 1)
                #expect(try HostFiles.isFolder(store.root) && store.root != path)
                scratch = store.root
            }
            #expect(try TestFile.tree(in: folder).filter { !$0.hasPrefix("layout") } == before)
            #expect(try scratch.map { try !HostFiles.isTaken($0) } ?? true)
        }
    }

    @Test func cleaningLeavesWhatIsNotMobys() async throws {
        try await withTemporaryDirectory { folder in
            let sample = try SampleImage()
            let store = try ContentStoreTests.filled(folder, sample)
            _ = try store.uncompressedLayer(sample.layers[0])
            try TestFile.write("x", to: "\(store.path)/apt/amd64/lists/lock")
            try TestFile.write("x", to: "\(store.path)/apt/amd64/apt.conf")
            let others = [
                "accelerator/notes", "apt/amd64/mine", "apt/photos", "blobs/sha256/notes", "layers/x.size", "photo.jpg",
                "refs/todo.txt",
                "segments/mine", "tmp/2024-taxes", "tmp/letter",
            ]
            for name in others {
                try TestFile.write("x", to: "\(store.path)/\(name)\(name == "apt/photos" ? "/a.jpg" : "")")
            }
            let kept = "blobs/sha256/\(String(repeating: "a", count: 64))"
            try TestFile.write("x", to: "\(store.path)/\(kept)/in-a-folder")
            let expected = (others + [kept]).sorted()
            #expect(try store.contents().others.sorted() == expected)
            let (contents, isGone) = try ContentStore.removeAll(path: store.path, force: true)
            #expect(contents.others.sorted() == expected && contents.images == 1 && !isGone)
            let left = try TestFile.tree(in: folder).filter { !$0.hasSuffix("/") }
            let files = others.filter { $0 != "apt/photos" } + ["apt/photos/a.jpg", "\(kept)/in-a-folder"]
            #expect(left == files.map { "store/\($0)" }.sorted())
        }
    }

    @Test func cleaningRemovesAWholeStoreButNotTheLinkToIt() async throws {
        try await withTemporaryDirectory { folder in
            let store = try ContentStoreTests.filled(folder, try SampleImage())
            #expect(symlink(store.path, "\(folder)/link") == 0)
            let (_, isGone) = try ContentStore.removeAll(path: "\(folder)/link", force: true)
            #expect(!isGone)
            #expect(try TestFile.tree(in: folder) == ["link", "store/"])
            // An empty folder was not moby's; the next build takes it.
            #expect(try !ContentStore.removeAll(path: "\(folder)/link").isFolderGone)
            try ContentStore(path: "\(folder)/link").prepare()
            #expect(try ContentStore.removeAll(path: store.path).isFolderGone)
            #expect(try TestFile.tree(in: folder) == ["link"])
        }
    }

    @Test func aStoreInUseIsNotCleanedAndPrunedWithCare() async throws {
        try await withTemporaryDirectory { folder in
            let sample = try SampleImage()
            let user = try ContentStoreTests.filled(folder, sample)
            #expect(try user.remove("acme/web:1"))
            #expect(throws: StoreError.self) { try ContentStore.removeAll(path: user.path) }
            let later = Int64(time(nil)) + 10
            // Fetched just now, and without a name yet.
            let shared = try ContentStore(reading: user.path).prune(notUsedSince: later)
            #expect(shared.isShared && shared.files == 0)
            #expect(try user.prune(notUsedSince: later, dryRun: true).files == 3)
            #expect(try user.prune(notUsedSince: later).files == 3)
        }
    }

    /// A file instead of the folder is an error for readers and writers, and so is cleaning it.
    @Test func aFileIsNoStore() throws {
        try withTemporaryDirectory { folder in
            let path = "\(folder)/store"
            try TestFile.write("x", to: path)
            for attempt in [
                { _ = try ContentStore(path: path) }, { _ = try ContentStore(reading: path) },
                { _ = try ContentStore.removeAll(path: path, force: true) },
            ] {
                #expect(throws: StoreError.notAFolder(path)) { try attempt() }
            }
        }
    }

    @Test func aForeignFolderIsReportedByCommandsAboutTheStore() throws {
        try withTemporaryDirectory { folder in
            try TestFile.write("x", to: "\(folder)/store/thesis.txt")
            let store = try ContentStore(reading: "\(folder)/store")
            let error = #expect(throws: StoreError.self) { try store.checkIsStore() }
            #expect(error?.description.contains("is not an image store") == true)
            try ContentStore(reading: "\(folder)/none").checkIsStore()
        }
    }

    @Test func leftoversOfDeadProcessesGo() async throws {
        try await withTemporaryDirectory { folder in
            let store = try ContentStore(path: "\(folder)/store")
            try store.prepare()
            let dead = try EndedProcess("sh", ["-c", "echo $$"]).text.split(separator: "\n")[0]
            let own = getpid()
            let gone = [
                "tmp/\(dead)-a", "tmp/\(dead)-folder/x", "tmp/\(own)-old", "segments/\(Self.hex).partial.\(dead).1",
                "moby-store.partial.\(dead).1",
            ]
            let kept = [
                "moby-store.partial.\(own).1", "tmp/\(own)-new", "tmp/\(dead)-locked", "tmp/letter",
                "segments/\(Self.hex).json",
            ]
            for name in gone + kept { try TestFile.write("x", to: "\(store.path)/\(name)") }
            // The number of a process that is gone was given to another.
            var times = [timespec(tv_sec: 5, tv_nsec: 0), timespec(tv_sec: 5, tv_nsec: 0)]
            #expect(utimensat(AT_FDCWD, "\(store.path)/tmp/\(own)-old", &times, 0) == 0)
            let lock = FileLock("\(store.path)/tmp/\(dead)-locked")
            try ContentStore(path: store.path).prepare()
            withExtendedLifetime(lock) {}
            let left = try TestFile.tree(in: store.path).filter {
                $0.hasPrefix("tmp/") || $0.hasPrefix("segments/") || $0.hasPrefix("moby-store.")
            }
            #expect(left.filter { !$0.hasSuffix("/") } == kept.sorted())
        }
    }

    private static let hex = String(repeating: "0", count: 64)
}
