import Extents
import Glibc
import TestSupport
import Testing

@Suite struct HostFilesTests {
    @Test func readsFilesUpToTheirLimit() async throws {
        try await withTemporaryDirectory { folder in
            let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
            try TestFile.write(bytes, to: "\(folder)/file")
            #expect(try HostFiles.read("\(folder)/file", limit: 100_000) == bytes)
            #expect(try HostFiles.head(of: "\(folder)/file", count: 70_000) == Array(bytes.prefix(70_000)))
            #expect(try HostFiles.head(of: "\(folder)/file", count: 1 << 20) == bytes)
            #expect(throws: UnfitFile.self) { try HostFiles.read("\(folder)/file", limit: 99_999) }
            #expect(try HostFiles.readIfPresent("\(folder)/none", limit: 1) == nil)
            #expect(try HostFiles.readIfPresent("\(folder)/file/none", limit: 1) == nil)
            #expect(throws: FileError.self) { try HostFiles.read("\(folder)/none", limit: 1) }
            #expect(try HostFiles.readIfFit("\(folder)/file", limit: 99_999) == nil)
            #expect(try HostFiles.readIfFit(folder, limit: 1) == nil)
        }
    }

    /// Its size is 0 until it is read.
    @Test func readsAFileOfProc() throws {
        #expect(try HostFiles.text("/proc/self/status").contains("Pid:"))
    }

    /// Opening a FIFO would wait for a writer, and a device never ends.
    @Test func refusesWhatIsNotAFile() async throws {
        try await withTemporaryDirectory { folder in
            try #require(mkfifo("\(folder)/fifo", 0o600) == 0)
            let cases = [
                ("\(folder)/fifo", "is a FIFO, expected a regular file"),
                ("/dev/zero", "is a device, expected a regular file"), (folder, "is a folder"),
            ]
            for (path, message) in cases {
                for read in [{ try HostFiles.read($0, limit: 8) }, { try HostFiles.head(of: $0, count: 8) }]
                    as [(String) throws -> [UInt8]]
                {
                    let error = #expect(throws: UnfitFile.self) { try read(path) }
                    #expect(error?.description == "'\(path)' \(message)")
                }
                #expect(throws: UnfitFile.self) { try HostFiles.isStream(path) }
            }
            #expect(try !HostFiles.isStream("\(folder)/none"))
        }
    }

    @Test func readsAPipeThatIsOpen() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { close(ends[0]) }
        #expect(write(ends[1], "hello", 5) == 5)
        close(ends[1])
        #expect(try HostFiles.read("/proc/self/fd/\(ends[0])", limit: 16) == Array("hello".utf8))
    }

    /// Only a file that does not exist is absent; what cannot be looked at is an error.
    @Test func unknownIsNotAbsent() async throws {
        try await withTemporaryDirectory { folder in
            for absent in ["\(folder)/none", "/dev/null/none"] {
                #expect(try !HostFiles.exists(absent) && !HostFiles.isTaken(absent) && !HostFiles.isFolder(absent))
                #expect(try HostFiles.size(absent) == nil && HostFiles.link(absent) == nil)
                #expect(try FolderTree.measure(absent) == (0, 0))
            }
            try #require(symlink("loop", "\(folder)/loop") == 0)
            let loop = "\(folder)/loop"
            #expect(try HostFiles.isTaken(loop) && HostFiles.link(loop) == "loop" && HostFiles.link(folder) == nil)
            for look in [HostFiles.exists, HostFiles.isFolder, { try HostFiles.size($0) == nil }, HostFiles.isStream]
                as [(String) throws -> Bool]
            {
                let error = #expect(throws: FileError.self) { try look(loop) }
                #expect(error?.description == "read '\(loop)': Too many levels of symbolic links")
            }
            #expect(throws: FileError.self) { try HostFiles.isTaken("\(loop)/below") }
            #expect(throws: FileError.self) { try HostFiles.isSame(loop, folder) }
            #expect(throws: FileError.self) { try FolderTree.measure("\(loop)/below") }
            #expect(throws: FileError.self) { try PartialFile.checkReplaceable(loop) }
        }
    }

    @Test func writesAllOrFails() async throws {
        try await withTemporaryDirectory { folder in
            let file = open("\(folder)/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
            let bytes = [UInt8](repeating: 7, count: 300_000)
            try HostFiles.write(bytes, to: file, name: "file")
            close(file)
            #expect(try HostFiles.read("\(folder)/file", limit: 1 << 20) == bytes)
            let full = open("/dev/full", O_WRONLY | O_CLOEXEC)
            defer { close(full) }
            let error = #expect(throws: FileError.self) { try HostFiles.write([1], to: full, name: "/dev/full") }
            #expect(error?.code == ENOSPC)
        }
    }

    @Test func saysWhoMayNotRead() {
        #expect(
            FileError("read", "/x", code: EACCES).hint
                == "user \(geteuid()) may not read it; run as its owner, or change its permissions or those of its folder"
        )
    }

    /// An error of the file system is not an empty or missing file.
    @Test func anUnreadableFileIsAnError() throws {
        // Reading this process's memory at 0 is an I/O error, whoever runs the test.
        #expect(throws: FileError.self) { try HostFiles.readIfPresent("/proc/self/mem", limit: 8) }
    }
}

@Suite struct PartialFileTests {
    @Test func commitsOrLeavesNothing() async throws {
        try await withTemporaryDirectory { folder in
            do {
                let file = try PartialFile("\(folder)/a")
                try file.write(ExtentList(bytes: [1, 2, 3]))
                #expect(try file.size() == 3)
            }
            #expect(try TestFile.names(in: folder).isEmpty)
            let file = try PartialFile("\(folder)/a")
            try file.stream { try $0.write([4, 5]) }
            try file.commit()
            #expect(try TestFile.read("\(folder)/a") == [4, 5])
            #expect(throws: ExtentError.self) { try PartialFile(folder) }
        }
    }

    @Test func getsItsNameAtTheEnd() async throws {
        try await withTemporaryDirectory { folder in
            let file = try PartialFile(in: folder)
            try [1, 2, 3].withUnsafeBytes { try file.append($0) }
            try file.restart()
            try ([9] as [UInt8]).withUnsafeBytes { try file.append($0) }
            try TestFile.write([], to: "\(folder)/taken")
            #expect(try !file.commitIfFree(to: "\(folder)/taken"))
            try file.commit(to: "\(folder)/b", permissions: 0o640)
            #expect(try TestFile.read("\(folder)/b") == [9])
            #expect(try TestFile.names(in: folder) == ["b", "taken"])
        }
    }
}
