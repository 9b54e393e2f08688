/// A minimal relocatable ELF64 file: a `.modinfo` section and the names of the sections.
enum ModuleFile {
    static func bytes(modinfo fields: [String]) -> [UInt8] {
        let modinfo = fields.flatMap { field in field.utf8 + [0] }
        let names = Array("\0.modinfo\0.shstrtab\0".utf8)
        let table = 64 + modinfo.count + names.count
        var file: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]
        file += [UInt8](repeating: 0, count: 8)
        // Type, machine, version, entry, program headers, section headers, flags, then sizes and numbers of headers.
        for (value, width) in [
            (1, 2), (62, 2), (1, 4), (0, 8), (0, 8), (table, 8), (0, 4), (64, 2), (0, 2), (0, 2), (64, 2), (3, 2),
            (2, 2),
        ] { file += number(value, width) }
        file += modinfo + names
        file += [UInt8](repeating: 0, count: 64)
        file += header(name: 1, type: 1, offset: 64, size: modinfo.count)
        file += header(name: 10, type: 3, offset: 64 + modinfo.count, size: names.count)
        return file
    }

    private static func header(name: Int, type: Int, offset: Int, size: Int) -> [UInt8] {
        let fields = [(name, 4), (type, 4), (0, 8), (0, 8), (offset, 8), (size, 8), (0, 4), (0, 4), (1, 8), (0, 8)]
        return fields.flatMap { number($0, $1) }
    }

    private static func number(_ value: Int, _ width: Int) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
}
