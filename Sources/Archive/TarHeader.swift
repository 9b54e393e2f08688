package import Extents

/// The header of a tar entry (POSIX.1-2017, pax, "ustar Interchange Format"), with an extended header before it for
/// what does not fit:
/// ```
///   0 name 100   100 mode 8    108 uid 8     116 gid 8     124 size 12   136 modified 12   148 checksum 8   156 type 1
/// 157 link 100   257 "ustar\0" 263 "00"      265 user 32   297 group 32  329 major 8       337 minor 8
/// 345 prefix 155
/// ```
struct TarHeader {
    /// The blocks before the contents.
    private(set) var bytes: [UInt8] = []
    /// Of the contents, in bytes.
    let length: UInt64

    private var extended: [(key: [UInt8], value: [UInt8])] = []

    init(_ path: TreePath, _ node: FileTree.Node, linkTo target: TreePath?, records: [String: String]) {
        let shape = Shape(node.kind, target)
        length = shape.length
        let name = Self.name(path, isDirectory: shape.type == UInt8(ascii: "5"))
        collect(name, node, shape, records)
        if !extended.isEmpty { addExtended(name) }
        addBlock(name, node, shape)
    }

    /// The fields that depend on the kind of node.
    private struct Shape {
        var type: UInt8
        var length: UInt64 = 0
        var link: [UInt8] = []
        var device: (major: UInt32, minor: UInt32) = (0, 0)

        init(_ kind: FileTree.Kind, _ target: TreePath?) {
            if let target {
                (type, link) = (UInt8(ascii: "1"), target.bytes)
                return
            }
            switch kind {
            case .regular(let contents): (type, length) = (UInt8(ascii: "0"), contents.length)
            case .symlink(let target): (type, link) = (UInt8(ascii: "2"), target)
            case .characterDevice(let major, let minor): (type, device) = (UInt8(ascii: "3"), (major, minor))
            case .blockDevice(let major, let minor): (type, device) = (UInt8(ascii: "4"), (major, minor))
            case .directory: type = UInt8(ascii: "5")
            case .fifo: type = UInt8(ascii: "6")
            }
        }
    }

    private static func name(_ path: TreePath, isDirectory: Bool) -> [UInt8] {
        if path.isRoot { return Array("./".utf8) }
        return isDirectory ? path.bytes + [UInt8(ascii: "/")] : path.bytes
    }

    private mutating func collect(_ name: [UInt8], _ node: FileTree.Node, _ shape: Shape, _ records: [String: String]) {
        let texts = [name, shape.link]
        // pax text is UTF-8 unless this record says otherwise; readers that know it take the names as they are.
        if texts.contains(where: { String(validating: $0, as: UTF8.self) == nil }) { add("hdrcharset", "BINARY") }
        if !Self.fits(name) { extended.append((Array("path".utf8), name)) }
        if !Self.fits(shape.link) { extended.append((Array("linkpath".utf8), shape.link)) }
        if shape.length >= 1 << 33 { add("size", String(shape.length)) }
        if node.uid >= 1 << 21 { add("uid", String(node.uid)) }
        if node.gid >= 1 << 21 { add("gid", String(node.gid)) }
        if !(0..<1 << 33).contains(node.modified) { add("mtime", String(node.modified)) }
        for attribute in node.attributes.sorted(by: { $0.name < $1.name }) {
            extended.append((Array("SCHILY.xattr.\(attribute.name)".utf8), attribute.value))
        }
        for (key, value) in records.sorted(by: { $0.key < $1.key }) { add(key, value) }
    }

    private mutating func add(_ key: String, _ value: String) { extended.append((Array(key.utf8), Array(value.utf8))) }

    /// Short ASCII needs no record.
    private static func fits(_ text: [UInt8]) -> Bool { text.count <= 100 && text.allSatisfy { $0 < 0x80 } }

    private mutating func addExtended(_ name: [UInt8]) {
        let body = extended.flatMap { Self.record($0.key, $0.value) }
        var node = FileTree.Node(.directory, mode: 0o644)
        node.modified = 0
        var shape = Shape(.directory, nil)
        (shape.type, shape.length) = (UInt8(ascii: "x"), UInt64(body.count))
        addBlock(Array("PaxHeaders.0/".utf8) + name.suffix(80), node, shape)
        bytes.append(contentsOf: body)
        bytes.append(contentsOf: repeatElement(0, count: (512 - body.count % 512) % 512))
    }

    /// "LENGTH KEY=VALUE\n", where LENGTH counts its own digits too.
    private static func record(_ key: [UInt8], _ value: [UInt8]) -> [UInt8] {
        let rest = key.count + value.count + 3
        var length = rest + String(rest).utf8.count
        if String(length).utf8.count > String(rest).utf8.count { length = rest + String(length).utf8.count }
        return Array("\(length) ".utf8) + key + [UInt8(ascii: "=")] + value + [UInt8(ascii: "\n")]
    }

    private mutating func addBlock(_ name: [UInt8], _ node: FileTree.Node, _ shape: Shape) {
        let block = ByteBuilder.tarHeader(
            type: shape.type, name: name, mode: UInt64(node.mode & 0o7777), uid: UInt64(node.uid),
            gid: UInt64(node.gid), length: shape.length, modified: UInt64(clamping: node.modified), link: shape.link,
            magic: "ustar\u{0}00"
        ) { block in
            block.pad(to: 329)
            block.tarNumber(UInt64(shape.device.major), 8)
            block.tarNumber(UInt64(shape.device.minor), 8)
        }
        bytes.append(contentsOf: block.bytes)
    }
}

extension ByteBuilder {
    /// The first block of an entry, with its checksum. Names are cut to their field.
    /// - Parameters:
    ///   - magic: what follows byte 257 says which dialect of tar it is.
    ///   - rest: adds the fields after that.
    package static func tarHeader(
        type: UInt8, name: some Collection<UInt8>, mode: UInt64 = 0o644, uid: UInt64 = 0, gid: UInt64 = 0,
        length: UInt64, modified: UInt64, link: [UInt8] = [], magic: String, _ rest: (inout ByteBuilder) -> Void
    ) -> ByteBuilder {
        var block = ByteBuilder(reserving: 512)
        block.append(name.prefix(100))
        block.pad(to: 100)
        for (value, width) in [(mode, 8), (uid, 8), (gid, 8), (length, 12), (modified, 12)] {
            block.tarNumber(value, width)
        }
        block.fill(8, with: UInt8(ascii: " "))
        block.u8(type)
        block.append(link.prefix(100))
        block.pad(to: 257)
        block.ascii(magic, padded: 8)
        rest(&block)
        block.pad(to: 512)
        var sum = ByteBuilder()
        sum.tarNumber(block.bytes.reduce(0) { $0 + UInt64($1) }, 7)
        block.replace(at: 148, with: sum)
        return block
    }

    /// A number in octal digits with a NUL. Larger numbers are in the binary form that GNU, BSD and Go read.
    package mutating func tarNumber(_ value: UInt64, _ width: Int) {
        let digits = String(value, radix: 8)
        if digits.utf8.count < width {
            append(repeatElement(UInt8(ascii: "0"), count: width - 1 - digits.utf8.count))
            append(digits.utf8)
            u8(0)
        } else if width > 8 {
            u8(0x80)
            fill(width - 9)
            u64be(value)
        } else {
            u64be(value | 1 << 63)
        }
    }
}
