internal import Extents

/// Rock Ridge (IEEE P1282, draft 1.12) in the system use area of directory records (SUSP, IEEE P1281). Each field: two
/// letters, its length, 1.
///
/// ```
/// SP  0xBE 0xEF, skipped bytes 0                      the first field of the root's own record
/// ER  lengths of three texts, version 1, texts        which extension is used, in the root's own record
/// PX  mode, links, owner, group, serial number        five numbers in both byte orders
/// TF  flags 0x0E, dates of 7 bytes                    modified, read, attributes changed
/// NM  flags, name                                     flag 1: goes on in the next NM
/// SL  flags, components of {flags, length, bytes}     flag 1: goes on; flag 8 of a component: the root
/// PN  major number, minor number                      in both byte orders
/// CE  sector, offset, length                          where the fields go on, in both byte orders
/// ```
enum RockRidge {
    static let continuationLength = 28
    static let identifier = "RRIP_1991A"

    /// The fields that say what an entry is.
    static func fields(of entry: ISO9660.Entry, links: UInt32, serial: UInt32) -> [[UInt8]] {
        var fields = [attributes(entry, links, serial), times(entry.modified)]
        switch entry.kind {
        case .directory, .file, .shared, .fifo: break
        case .symlink(let target): fields += symlink(target)
        case .characterDevice(let major, let minor), .blockDevice(let major, let minor):
            fields.append(device(major, minor))
        }
        return fields
    }

    static let indicator: [UInt8] = field("SP") { $0.append([0xbe, 0xef, 0]) }

    static let reference: [UInt8] = field("ER") { builder in
        let description = "POSIX file system semantics", source = "IEEE P1282"
        builder.append([UInt8(identifier.utf8.count), UInt8(description.utf8.count), UInt8(source.utf8.count), 1])
        for text in [identifier, description, source] { builder.append(text.utf8) }
    }

    static func continuation(sector: UInt32, offset: UInt32, length: UInt32) -> [UInt8] {
        field("CE") { builder in
            for number in [sector, offset, length] { builder.u32both(number) }
        }
    }

    static func name(_ name: [UInt8]) -> [[UInt8]] {
        stride(from: 0, to: name.count, by: 250).map { start in
            let end = min(start + 250, name.count)
            return field("NM") { builder in
                builder.u8(end < name.count ? 1 : 0)
                builder.append(name[start..<end])
            }
        }
    }

    private static func attributes(_ entry: ISO9660.Entry, _ links: UInt32, _ serial: UInt32) -> [UInt8] {
        let type: UInt32 =
            switch entry.kind {
            case .directory: 0o040000
            case .file, .shared: 0o100000
            case .symlink: 0o120000
            case .characterDevice: 0o020000
            case .blockDevice: 0o060000
            case .fifo: 0o010000
            }
        return field("PX") { builder in
            for number in [type | UInt32(entry.mode & 0o7777), links, entry.uid, entry.gid, serial] {
                builder.u32both(number)
            }
        }
    }

    private static func times(_ modified: Int64) -> [UInt8] {
        field("TF") { builder in
            builder.u8(0x0e)
            for _ in 0..<3 { builder.append(ISO9660.shortDate(modified)) }
        }
    }

    /// Linux and others take all of a small number from the low half, as makedev(3) made it, and else the halves as
    /// major and minor.
    private static func device(_ major: UInt32, _ minor: UInt32) -> [UInt8] {
        let isSmall = minor < 256 && major < 4096
        return field("PN") { builder in
            builder.u32both(isSmall ? 0 : major)
            builder.u32both(isSmall ? major << 8 | minor : minor)
        }
    }

    private static func symlink(_ target: [UInt8]) -> [[UInt8]] {
        var components: [[UInt8]] = []
        for (index, part) in target.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).enumerated() {
            if part.isEmpty, index == 0 {
                components.append([8, 0])
            } else if part.elementsEqual(".".utf8) {
                components.append([2, 0])
            } else if part.elementsEqual("..".utf8) {
                components.append([4, 0])
            } else {
                components += pieces(Array(part))
            }
        }
        // Where a field ends between components, Linux puts a slash and others do not. All agree on a component that
        // goes on in the next field, be it that nothing of it came so far.
        let goesOn: [UInt8] = [1, 0]
        var bodies: [[UInt8]] = [[]]
        for component in components {
            if bodies[bodies.count - 1].count + component.count > 250 - goesOn.count {
                bodies[bodies.count - 1] += goesOn
                bodies.append([])
            }
            bodies[bodies.count - 1] += component
        }
        return bodies.enumerated().map { index, body in
            field("SL") { builder in
                builder.u8(index < bodies.count - 1 ? 1 : 0)
                builder.append(body)
            }
        }
    }

    private static func pieces(_ part: [UInt8]) -> [[UInt8]] {
        if part.isEmpty { return [[0, 0]] }
        return stride(from: 0, to: part.count, by: 240).map { start in
            let end = min(start + 240, part.count)
            return [end < part.count ? 1 : 0, UInt8(end - start)] + part[start..<end]
        }
    }

    private static func field(_ letters: String, _ body: (inout ByteBuilder) -> Void) -> [UInt8] {
        var builder = ByteBuilder()
        body(&builder)
        return Array(letters.utf8) + [UInt8(builder.count + 4), 1] + builder.bytes
    }
}

extension ByteBuilder {
    /// A number in both byte orders (ECMA-119, 7.3.3).
    mutating func u32both(_ value: UInt32) {
        u32le(value)
        u32be(value)
    }

    /// A number in both byte orders (ECMA-119, 7.2.3).
    mutating func u16both(_ value: UInt16) {
        u16le(value)
        u16be(value)
    }
}
