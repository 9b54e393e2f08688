import Extents
import TestSupport
import Testing

@Suite struct ExtentListTests {
    /// Random appends, pads and slices, against an array of bytes that had the same done to it.
    @Test(arguments: 0..<40)
    func behavesAsAnArrayOfBytes(seed: UInt64) throws {
        try withTemporaryDirectory { folder in
            var numbers = Numbers(seed)
            let original = (0..<5000).map { _ in UInt8.random(in: 0...255, using: &numbers) }
            try TestFile.write(original, to: "\(folder)/source")
            let file = try SourceFile("\(folder)/source")
            var list = ExtentList()
            var model: [UInt8] = []
            for _ in 0..<60 {
                step(&list, &model, file, original, &numbers)
                #expect(list.length == UInt64(model.count))
            }
            #expect(try ExtentReader.bytes(of: list) == model)
            try ExtentWriter.write(list, to: "\(folder)/out")
            #expect(try TestFile.read("\(folder)/out") == model)
            try checkRanges(list, model)
            try checkCursor(list, model, &numbers)
        }
    }

    private func step(
        _ list: inout ExtentList, _ model: inout [UInt8], _ file: SourceFile, _ original: [UInt8],
        _ numbers: inout Numbers
    ) {
        let count = Int.random(in: 0...700, using: &numbers)
        switch Int.random(in: 0..<7, using: &numbers) {
        case 0:
            list.append(.hole(UInt64(count)))
            model += [UInt8](repeating: 0, count: count)
        case 1:
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &numbers) }
            list.append(.bytes(bytes))
            model += bytes
        case 2:
            let offset = Int.random(in: 0...original.count - count, using: &numbers)
            list.append(.file(FileRange(file, offset: UInt64(offset), length: UInt64(count))))
            model += original[offset..<offset + count]
        case 3:
            list.pad(toMultipleOf: 512)
            while model.count % 512 > 0 { model.append(0) }
        case 4:
            list.pad(to: list.length + UInt64(count))
            model += [UInt8](repeating: 0, count: count)
        case 5:
            let other = list
            list.append(other[0..<min(other.length, 300)])
            model += model.prefix(300)
        default:
            let lower = Int.random(in: 0...model.count / 4, using: &numbers)
            let upper = Int.random(in: lower...model.count, using: &numbers)
            list = list[UInt64(lower)..<UInt64(upper)]
            model = Array(model[lower..<upper])
        }
    }

    /// What is outside of the data ranges is zero, and no two of them touch.
    private func checkRanges(_ list: ExtentList, _ model: [UInt8]) throws {
        var end: UInt64 = 0
        for (index, range) in list.dataRanges.enumerated() {
            #expect(index == 0 || range.lowerBound > end)
            #expect(model[Int(end)..<Int(range.lowerBound)].allSatisfy { $0 == 0 })
            end = range.upperBound
        }
        #expect(model[Int(end)...].allSatisfy { $0 == 0 })
    }

    private func checkCursor(_ list: ExtentList, _ model: [UInt8], _ numbers: inout Numbers) throws {
        let cursor = ExtentCursor(list)
        for _ in 0..<20 {
            let start = Int.random(in: 0...model.count, using: &numbers)
            cursor.seek(to: UInt64(start))
            #expect(cursor.skip(0) == 0)
            var buffer = [UInt8](repeating: 255, count: 97)
            let count = try buffer.withUnsafeMutableBytes { try cursor.read(into: $0) }
            #expect(buffer[..<count] == model[start..<start + count])
            #expect(count > 0 || start == model.count)
            let length = Int.random(in: 0...model.count - start, using: &numbers)
            #expect(try list.bytes(at: UInt64(start), count: length) == Array(model[start..<start + length]))
        }
    }

    @Test func neighboursAreJoined() throws {
        var list = ExtentList([.hole(3), .hole(4), .bytes([1]), .bytes([2, 3]), .bytes([]), .hole(0)])
        #expect(list.extents.count == 2)
        #expect(list.dataRanges == [7..<10])
        list.pad(toMultipleOf: 8)
        list.append(.hole(8))
        #expect(list.extents.count == 3)
        #expect(list.length == 24)
        try withTemporaryDirectory { folder in
            try TestFile.write([1, 2, 3, 4], to: "\(folder)/a")
            let file = try SourceFile("\(folder)/a")
            let joined = ExtentList([.file(FileRange(file, length: 2)), .file(FileRange(file, offset: 2))])
            #expect(joined.extents.count == 1)
        }
    }

    @Test(arguments: [(11, 0), (10, 1), (0, 11), (4, Int.max), (.max, 1), (.max, .max), (4, -1)] as [(UInt64, Int)])
    func readingBeyondTheEndIsAnError(offset: UInt64, count: Int) throws {
        let list = ExtentList([.hole(7), .bytes([1, 2, 3])])
        #expect(try list.bytes(at: 6, count: 4) == [0, 1, 2, 3])
        let error = #expect(throws: ExtentError.self) { try list.bytes(at: offset, count: count) }
        #expect(error?.description == "\(count) bytes at \(offset) are beyond the end at 10")
    }

    @Test func longThingsAreNotReadIntoMemory() throws {
        let error = #expect(throws: ExtentError.self) {
            try ExtentReader.bytes(of: ExtentList([.hole(1000)]), limit: 999)
        }
        #expect(error?.description == "1000 bytes, the limit is 999")
    }
}
