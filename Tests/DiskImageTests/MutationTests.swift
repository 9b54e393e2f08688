import DiskImage
import Extents
import TestSupport
import Testing

@Suite struct MutationTests {
    /// Damaged files give an error or a disk, and nothing else, quickly.
    @Test(arguments: Container.all)
    func aDamagedContainerIsRead(container: Container) async throws {
        try await withTemporaryDirectory { folder in
            let disk = try SampleDisk.small.extents(in: folder)
            try container.write(disk, "\(folder)/packed")
            let bytes = try TestFile.read("\(folder)/packed")
            var random = Numbers(7)
            var (errors, disks) = (0, 0)
            for _ in 0..<400 {
                let file = Mutation.apply(to: bytes, &random)
                do {
                    _ = try container.read(file)
                    disks += 1
                } catch is DiskImageError {
                    errors += 1
                } catch is ExtentError {
                    errors += 1
                }
            }
            #expect(errors > 0 && disks > 0)
        }
    }
}

/// Ways to damage a file.
enum Mutation {
    /// Cuts the file, or writes over a few bytes, mostly where tables and headers are: at the start and at the end.
    static func apply(to bytes: [UInt8], _ random: inout Numbers) -> ExtentList {
        if random.next() % 8 == 0 {
            return ExtentList(bytes: Array(bytes.prefix(Int(random.next() % UInt64(bytes.count)))))
        }
        var edits: [Int: UInt8] = [:]
        for _ in 0...random.next() % 4 {
            let reach = [128, 2048, 40_000, bytes.count][Int(random.next() % 4)]
            let position = Int(random.next() % UInt64(min(reach, bytes.count)))
            let offset = random.next() % 3 == 0 ? bytes.count - 1 - position : position
            edits[offset] = [0, 0xff, 0x7f, UInt8(truncatingIfNeeded: random.next())][Int(random.next() % 4)]
        }
        var list = ExtentList()
        var start = 0
        for (offset, value) in edits.sorted(by: { $0.key < $1.key }) {
            list.append(.bytes(Array(bytes[start..<offset])))
            list.append(.bytes([value]))
            start = offset + 1
        }
        list.append(.bytes(Array(bytes[start...])))
        return list
    }
}
