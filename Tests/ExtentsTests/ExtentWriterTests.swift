import CLinux
import Extents
import Foundation
import Glibc
import TestSupport
import Testing

@Suite struct ExtentWriterTests {
    @Test func holesTakeNoSpace() throws {
        try withTemporaryDirectory { folder in
            var list = ExtentList([.hole(10 << 30), .bytes(Array("end".utf8))])
            list.pad(to: 11 << 30)
            try ExtentWriter.write(list, to: "\(folder)/disk")
            var info = stat()
            #expect(stat("\(folder)/disk", &info) == 0)
            #expect(info.st_size == 11 << 30)
            #expect(info.st_blocks * 512 < 1 << 20)
        }
    }

    @Test func shorterFileReplacesLonger() throws {
        try withTemporaryDirectory { folder in
            let path = "\(folder)/out"
            try ExtentWriter.write(ExtentList(bytes: [1, 2, 3]), to: path)
            try ExtentWriter.write(ExtentList(bytes: [4]), to: path, mode: 0o600)
            #expect(try TestFile.read(path) == [4])
            #expect(try TestFile.names(in: folder) == ["out"])
            var info = stat()
            #expect(stat(path, &info) == 0 && info.st_mode & 0o777 == 0o600)
        }
    }

    @Test func nothingIsLeftWhenAProducerThrows() throws {
        struct Stop: Error {}
        try withTemporaryDirectory { folder in
            #expect(throws: Stop.self) {
                try ExtentWriter.stream(to: "\(folder)/out") { sink in
                    try sink.write([UInt8](repeating: 7, count: 1 << 20))
                    let count = try TestFile.names(in: folder).count
                    #expect(count == 1)
                    throw Stop()
                }
            }
            let left = try TestFile.names(in: folder)
            #expect(left == [])
        }
    }

    @Test func missingFolderIsReported() throws {
        try withTemporaryDirectory { folder in
            let missing = "\(folder)/none/out"
            let error = #expect(throws: FileError.self) { try ExtentWriter.write(ExtentList(bytes: [1]), to: missing) }
            #expect(error?.description == "write '\(missing)': No such file or directory")
        }
    }

    @Test func fullDiskIsReported() throws {
        var sink = try FileSink(descriptor: open("/dev/full", O_WRONLY | O_CLOEXEC), name: "disk")
        try sink.write([1])
        let error = #expect(throws: FileError.self) { try sink.flush() }
        #expect(error?.description == "write 'disk': No space left on device")
    }

    enum Change: CaseIterable { case longer, shorter, touched, replaced, gone }

    @Test(arguments: Change.allCases)
    func changedSourceIsFound(_ change: Change) throws {
        try withTemporaryDirectory { folder in
            let path = "\(folder)/source"
            try TestFile.write([UInt8](repeating: 1, count: 100), to: path)
            let list = try ExtentList(file: path)
            switch change {
            case .longer: try TestFile.write([UInt8](repeating: 1, count: 101), to: path)
            case .shorter: #expect(truncate(path, 99) == 0)
            case .touched:
                var times = [timespec(tv_sec: 5, tv_nsec: 0), timespec(tv_sec: 5, tv_nsec: 0)]
                #expect(utimensat(AT_FDCWD, path, &times, 0) == 0)
            case .replaced:
                var info = stat()
                #expect(stat(path, &info) == 0)
                try TestFile.write([UInt8](repeating: 2, count: 100), to: "\(folder)/other")
                var times = [info.st_mtim, info.st_mtim]
                #expect(utimensat(AT_FDCWD, "\(folder)/other", &times, 0) == 0)
                #expect(rename("\(folder)/other", path) == 0)
            case .gone: #expect(unlink(path) == 0)
            }
            #expect(throws: (any Error).self) { try ExtentReader.bytes(of: list) }
            let error = #expect(throws: (any Error).self) { try ExtentWriter.write(list, to: "\(folder)/out") }
            if change != .gone { #expect("\(try #require(error))" == "'\(path)' changed during the build") }
            #expect(try TestFile.names(in: folder).filter { $0.hasPrefix("out") }.isEmpty)
        }
    }

    @Test func sourceChangedAfterItWasReadIsFound() throws {
        try withTemporaryDirectory { folder in
            let path = "\(folder)/source"
            try TestFile.write([1, 2, 3], to: path)
            let list = try ExtentList(file: path)
            #expect(try ExtentReader.bytes(of: list) == [1, 2, 3])
            try TestFile.write([1, 2, 3, 4], to: path)
            #expect(throws: ExtentError.self) { try ExtentWriter.write(list, to: "\(folder)/out") }
        }
    }

    /// In one go, in pieces, in another order, a part of it, twice; copied or read.
    @Test(arguments: [
        [0..<3_000_000], [0..<1000, 1000..<3_000_000], [1000..<3_000_000, 0..<1000], [5..<7],
        [0..<3_000_000, 0..<3_000_000],
    ])
    func filesAreComparedWithTheirChecksum(parts: [Range<UInt64>]) throws {
        try withTemporaryDirectory { folder in
            let path = "\(folder)/source"
            let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 * 31 >> 3) }
            try TestFile.write(bytes, to: path)
            for difference in [0, 1] as [UInt32] {
                func list() throws -> ExtentList {
                    let whole = try ExtentList(
                        file: path, checksum: FileChecksum(crc32c: CRC32C.of(bytes) ^ difference) {})
                    var list = ExtentList()
                    for part in parts {
                        list.append(whole[part])
                        list.append(.hole(3))
                    }
                    return list
                }
                let expected = parts.flatMap { bytes[Int($0.lowerBound)..<Int($0.upperBound)] + [0, 0, 0] }
                if difference == 0 {
                    try ExtentWriter.write(list(), to: "\(folder)/out")
                    #expect(try TestFile.read("\(folder)/out") == expected)
                    #expect(try ExtentReader.bytes(of: list()) == expected)
                    #expect(unlink("\(folder)/out") == 0)
                } else {
                    #expect(throws: ExtentError.self) { try ExtentWriter.write(list(), to: "\(folder)/out") }
                    #expect(throws: ExtentError.self) { try ExtentReader.bytes(of: list()) }
                    #expect(try TestFile.names(in: folder) == ["source"])
                }
            }
        }
    }

    @Test func copiesBetweenFileSystems() throws {
        // /dev/shm is another file system than the temporary folder: copy_file_range(2) answers EXDEV or copies.
        try withTemporaryDirectory { folder in
            let path = "/dev/shm/extents-\(UUID().uuidString)"
            defer { unlink(path) }
            let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 * 31 >> 3) }
            try TestFile.write(bytes, to: path)
            var list = ExtentList([.bytes([9])])
            list.append(try ExtentList(file: path)[1..<2_900_000])
            try ExtentWriter.write(list, to: "\(folder)/out")
            #expect(try TestFile.read("\(folder)/out") == [9] + bytes[1..<2_900_000])
        }
    }

    @Test func readsFilesThatSayTheyAreEmptyByTheirSize() throws {
        // Files of /proc have no length: they are empty, not endless.
        #expect(try ExtentList(file: "/proc/version").length == 0)
    }

    @Test(arguments: ["/", "/dev/null"])
    func foldersAndDevicesAreNotReplaced(path: String) throws {
        #expect(throws: ExtentError.self) { try ExtentWriter.write(ExtentList(), to: path) }
    }

    @Test func manySourcesStayWithinTheLimitOfOpenFiles() throws {
        try withTemporaryDirectory { folder in
            var list = ExtentList()
            for index in 0..<1500 {
                try TestFile.write([UInt8(index & 255)], to: "\(folder)/\(index)")
                list.append(try ExtentList(file: "\(folder)/\(index)"))
            }
            #expect(try ExtentReader.bytes(of: list) == (0..<1500).map { UInt8($0 & 255) })
        }
    }

    @Test func smallAndLargeWritesKeepTheirOrder() throws {
        try withTemporaryDirectory { folder in
            var numbers = Numbers(4)
            var model: [UInt8] = []
            try ExtentWriter.stream(to: "\(folder)/out") { sink in
                for _ in 0..<200 {
                    let piece = [UInt8](
                        repeating: UInt8.random(in: 0...255, using: &numbers),
                        count: Int.random(in: 0...9000, using: &numbers))
                    model += piece
                    try sink.write(piece)
                }
                let large = [UInt8](repeating: 3, count: 600_000)
                model += large
                try sink.write(large)
                #expect(sink.written == UInt64(model.count))
            }
            #expect(try TestFile.read("\(folder)/out") == model)
        }
    }
}
