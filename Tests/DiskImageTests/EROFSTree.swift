import Archive
import Extents
import Foundation
import TestSupport

/// Trees with what a file system must get right: sizes around blocks, names that sort oddly, full directories, links,
/// devices, attributes.
struct EROFSTree {
    private var numbers: Numbers
    private(set) var tree = FileTree()
    private var folders: [TreePath] = [.root]
    private var files: [TreePath] = []

    init(seed: UInt64, names: Int = 120) {
        numbers = Numbers(seed)
        if next(2) == 0 { tree.set(.root, FileTree.Node(.directory, mode: 0o750, uid: 1, gid: 2, modified: 12)) }
        for _ in 0..<names { add() }
    }

    private mutating func next(_ limit: Int) -> Int { Int(numbers.next() % UInt64(limit)) }

    private mutating func add() {
        let path = folders[next(folders.count)].appending(TreePath(name().utf8) ?? .root)
        if tree[path] != nil || path.isRoot || path.bytes.count > 1500 { return }
        var node = FileTree.Node(
            .fifo, mode: UInt16([0o644, 0o755, 0o4755, 0o1777, 0][next(5)]), uid: UInt32([0, 1000, 70000][next(3)]),
            gid: UInt32([0, 33, 1 << 20][next(3)]), modified: [0, 1_700_000_000, 5_000_000_000, -5][next(4)])
        if next(4) == 0 { node.attributes = attributes() }
        switch next(12) {
        case 0, 1, 2:
            node.kind = .directory
            node.mode |= 0o700
            folders.append(path)
            if next(8) == 0 { fill(path) }
        case 3:
            node.kind = .symlink(
                Array(String(repeating: "../x", count: 1 + next([3, 300, 1000][next(3)])).utf8.prefix(4095)))
        case 4: node.kind = .characterDevice(major: UInt32(next(4096)), minor: UInt32(next(1 << 20)))
        case 5: node.kind = .blockDevice(major: 8, minor: 1)
        case 6: break
        case 7 where !files.isEmpty:
            _ = tree.link(path, to: files[next(files.count)])
            return
        default:
            node.kind = .regular(contents())
            files.append(path)
        }
        tree.set(path, node)
    }

    /// More names than one block holds.
    private mutating func fill(_ folder: TreePath) {
        for index in 0..<next(900) {
            guard let name = TreePath("entry \(index) \(String(repeating: "-", count: next(40)))".utf8) else {
                continue
            }
            tree.set(folder.appending(name), FileTree.Node(.regular(ExtentList()), mode: 0o600))
        }
    }

    private mutating func name() -> String {
        let long = String(repeating: "n", count: [1, 20, 250][next(3)])
        return ["-", "!", "a", "Z", "é", "~", ".x", "zz"][next(8)] + (next(3) == 0 ? long : "\(next(1000))")
    }

    private mutating func attributes() -> [FileTree.Attribute] {
        var found = [
            FileTree.Attribute(
                name: "security.capability", value: [1, 0, 0, 2, 0, 4] + [UInt8](repeating: 0, count: 14))
        ]
        if next(2) == 0 { found.append(.init(name: "user.note", value: Array("value \(next(100))".utf8))) }
        if next(6) == 0 { found.append(.init(name: "user.long", value: [UInt8](repeating: 7, count: next(9000)))) }
        return found
    }

    /// Text, noise and zeros in turn.
    private mutating func contents() -> ExtentList {
        let size = [0, 1, 100, 4032, 4095, 4096, 4097, 8191, 65536, 65537, 69632, 140_000][next(12)]
        var list = ExtentList()
        while list.length < size {
            let length = min(size - Int(list.length), [1000, 4096, 70000][next(3)])
            switch next(3) {
            case 0: list.append(.bytes((0..<length).map { UInt8(truncatingIfNeeded: $0 / 7 % 53 + 32) }))
            case 1: list.append(.bytes((0..<length).map { _ in UInt8(next(256)) }))
            default: list.append(.hole(UInt64(length)))
            }
        }
        return list
    }
}

/// One line for each name: all that is known of it. The second and later names of a file point at the first.
func erofsListing(_ tree: FileTree) throws -> [String] {
    var first: [Int: TreePath] = [:]
    var lines: [String] = []
    if tree[.root] == nil { lines.append("d 755 0:0 0 ") }
    for path in tree.paths {
        guard let node = tree[path], let identity = tree.identity(of: path) else { continue }
        if let other = first[identity] {
            lines.append("h \(path) = \(other)")
            continue
        }
        first[identity] = path
        let head = "\(String(node.mode, radix: 8)) \(node.uid):\(node.gid) \(node.modified) \(path)"
        let attributes = node.attributes.map { " \($0.name)=\(SHA256.hash($0.value).hex.prefix(8))" }.joined()
        switch node.kind {
        case .directory: lines.append("d \(head)\(attributes)")
        case .regular(let list):
            lines.append(
                "f \(head) \(list.length) \(SHA256.hash(try ExtentReader.bytes(of: list)).hex.prefix(16))\(attributes)")
        case .symlink(let target): lines.append("l \(head) \(String(decoding: target, as: UTF8.self))\(attributes)")
        case .characterDevice(let major, let minor): lines.append("c \(head) \(major),\(minor)\(attributes)")
        case .blockDevice(let major, let minor): lines.append("b \(head) \(major),\(minor)\(attributes)")
        case .fifo: lines.append("p \(head)\(attributes)")
        }
    }
    return lines
}
