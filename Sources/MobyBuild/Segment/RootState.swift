internal import Archive

/// The root of the guest after some segments were unpacked: what is where, and which image brought it.
struct RootState {
    struct Item {
        var kind: RootListing.Kind
        var target: [UInt8]
        /// Identity of the file over all segments; 0 has one name.
        var group: Int
        var owner: String
        var isExecutable: Bool
    }

    private(set) var items: [TreePath: Item] = [:]
    private(set) var members: [Int: Set<TreePath>] = [:]
    private var nextGroup = 1

    subscript(path: TreePath) -> Item? { items[path] }

    mutating func unpack(_ listing: RootListing, from owner: String) {
        var groups: [Int: Int] = [:]
        for entry in listing.entries {
            var group = 0
            if entry.group != 0 {
                group = groups[entry.group] ?? nextGroup
                if group == nextGroup { nextGroup += 1 }
                groups[entry.group] = group
                members[group, default: []].insert(entry.path)
            }
            if let old = items[entry.path], old.group != 0, old.group != group {
                members[old.group]?.remove(entry.path)
            }
            items[entry.path] = Item(
                kind: entry.kind, target: entry.target, group: group, owner: owner, isExecutable: entry.isExecutable)
        }
    }

    /// Where a path ends up when the symbolic links among its parents are followed, as the kernel does when it unpacks.
    /// - Returns: nil when a parent is a link that leads in a circle or out of the root.
    func resolvingParents(_ path: TreePath) -> TreePath? { resolvingParents(path.bytes) }

    /// The same for a path that may have `..` in it.
    func resolvingParents(_ path: [UInt8]) -> TreePath? {
        var rest = path.split(separator: UInt8(ascii: "/")).map(Array.init)[...]
        var done: [[UInt8]] = []
        var followed = 0
        while let part = rest.popFirst() {
            if part.elementsEqual("..".utf8) {
                _ = done.popLast()
                continue
            }
            if part.elementsEqual(".".utf8) || part.isEmpty { continue }
            done.append(part)
            guard !rest.isEmpty, let here = RootState.path(done), let item = items[here], item.kind == .symlink else {
                continue
            }
            followed += 1
            guard followed <= 40 else { return nil }
            if item.target.first == UInt8(ascii: "/") { done = [] } else { done.removeLast() }
            rest = (item.target.split(separator: UInt8(ascii: "/")).map(Array.init) + rest)[...]
        }
        return RootState.path(done)
    }

    private static func path(_ parts: [[UInt8]]) -> TreePath? { TreePath(parts.joined(separator: [UInt8(ascii: "/")])) }
}
