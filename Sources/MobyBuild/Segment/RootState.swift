internal import Archive

/// The root of the guest after some segments were unpacked: each path with the image that brought it.
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
}

/// Links among the parents of a name are followed, as the kernel does when it unpacks; what else is in the way is
/// found elsewhere.
extension RootState: LinkedNames {
    var hasAllDirectories: Bool { false }

    func entry(at path: TreePath) -> LinkedEntry? {
        items[path].map { $0.kind == .symlink ? .symlink($0.target) : .directory }
    }
}
