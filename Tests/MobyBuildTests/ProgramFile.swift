/// A minimal executable ELF64 file: a header, and the segments that say which loader and libraries it wants.
enum ProgramFile {
    /// One that needs nothing, as text, for entries of test images; what follows makes it one of its own.
    static let head = String(decoding: bytes(), as: UTF8.self).prefix(20).description

    static func bytes(machine: Int = 62, interpreter: String? = nil, needed: [String] = []) -> [UInt8] {
        let strings: [UInt8] = [0] + needed.flatMap { Array($0.utf8) + [0] }
        let loader: [UInt8] = interpreter.map { Array($0.utf8) + [0] } ?? []
        let (start, count) = (64 + 3 * 56, interpreter == nil ? 0 : 3)
        let dynamicStart = start + loader.count + strings.count
        var names: [(Int, Int)] = []
        var offset = 1
        for name in needed {
            names.append((1, offset))
            offset += name.utf8.count + 1
        }
        let dynamic: [UInt8] = (names + [(5, start + loader.count), (0, 0)]).flatMap {
            number($0.0, 8) + number($0.1, 8)
        }
        var file: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]
        file += [UInt8](repeating: 0, count: 8)
        // Type, machine, version, entry, program headers, section headers, flags, then sizes and numbers of headers.
        for (value, width) in [
            (2, 2), (machine, 2), (1, 4), (0, 8), (64, 8), (0, 8), (0, 4), (64, 2), (56, 2), (count, 2), (64, 2),
            (0, 2), (0, 2),
        ] { file += number(value, width) }
        file += header(type: 3, offset: start, size: loader.count)
        file += header(type: 1, offset: 0, size: dynamicStart + dynamic.count)
        file += header(type: 2, offset: dynamicStart, size: dynamic.count)
        return file + loader + strings + dynamic
    }

    private static func header(type: Int, offset: Int, size: Int) -> [UInt8] {
        [(type, 4), (5, 4), (offset, 8), (offset, 8), (0, 8), (size, 8), (size, 8), (8, 8)].flatMap {
            number($0.0, $0.1)
        }
    }

    private static func number(_ value: Int, _ width: Int) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
}
