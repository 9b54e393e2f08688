/// The names in each directory and their layers: linked lists over the numbers of names.
struct ChildIndex {
    private static let none = UInt32.max

    private struct Link {
        var path = TreePath.root
        var parent = ChildIndex.none
        var firstChild = ChildIndex.none
        var next = ChildIndex.none
        var previous = ChildIndex.none
        var layer: UInt32 = 0
        /// The layer that last removed everything of lower layers below it.
        var cleared: UInt32 = 0
    }

    private var links: [Link] = []
    private var firstOfRoot = ChildIndex.none
    private var rootCleared: UInt32 = 0

    func path(_ name: Int) -> TreePath { links[name].path }
    func layer(_ name: Int) -> UInt32 { links[name].layer }
    func hasChildren(_ name: Int) -> Bool { links[name].firstChild != Self.none }

    /// Notes a name, or that a layer has put something new under a name already noted.
    /// - Parameter parent: nil for the root.
    /// - Returns: whether the name is new.
    mutating func enter(_ name: Int, below parent: Int?, path: TreePath, layer: UInt32) -> Bool {
        while links.count <= name { links.append(Link()) }
        let known = links[name].layer != 0
        links[name].layer = layer
        if known { return false }
        let next = parent.map { links[$0].firstChild } ?? firstOfRoot
        links[name].path = path
        // A new name has nothing below it yet.
        links[name].cleared = layer
        links[name].parent = parent.map(UInt32.init) ?? Self.none
        links[name].next = next
        if next != Self.none { links[Int(next)].previous = UInt32(name) }
        setFirst(UInt32(name), of: links[name].parent)
        return true
    }

    /// Forgets a name that has no children.
    mutating func remove(_ name: Int) {
        let link = links[name]
        if link.previous != Self.none {
            links[Int(link.previous)].next = link.next
        } else {
            setFirst(link.next, of: link.parent)
        }
        if link.next != Self.none { links[Int(link.next)].previous = link.previous }
        links[name] = Link()
    }

    /// Everything below a name, parents before children.
    func descendants(of name: Int) -> [Int] {
        var found = children(of: links[name].firstChild)
        var done = 0
        while done < found.count {
            found.append(contentsOf: children(of: links[found[done]].firstChild))
            done += 1
        }
        return found
    }

    /// The same without the contents of directories in which nothing of lower layers is left. The caller clears what
    /// it gets.
    /// - Parameter name: nil for the root.
    mutating func descendantsToClear(of name: Int?, layer: UInt32) -> [Int] {
        if isCleared(name, layer) { return [] }
        clear(name, layer)
        var found = children(of: name.map { links[$0].firstChild } ?? firstOfRoot)
        var done = 0
        while done < found.count {
            let next = found[done]
            if !isCleared(next, layer) {
                clear(next, layer)
                found.append(contentsOf: children(of: links[next].firstChild))
            }
            done += 1
        }
        return found
    }

    private func isCleared(_ name: Int?, _ layer: UInt32) -> Bool {
        (name.map { links[$0].cleared } ?? rootCleared) == layer
    }

    private mutating func clear(_ name: Int?, _ layer: UInt32) {
        if let name { links[name].cleared = layer } else { rootCleared = layer }
    }

    private func children(of first: UInt32) -> [Int] {
        var found: [Int] = []
        var child = first
        while child != Self.none {
            found.append(Int(child))
            child = links[Int(child)].next
        }
        return found
    }

    private mutating func setFirst(_ child: UInt32, of parent: UInt32) {
        if parent == Self.none { firstOfRoot = child } else { links[Int(parent)].firstChild = child }
    }
}
