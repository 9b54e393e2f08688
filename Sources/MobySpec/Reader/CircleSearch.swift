/// Finds names that lead back to themselves, such as services that wait for each other.
struct CircleSearch {
    /// Each circle once, from a name to the same name.
    private(set) var circles: [[String]] = []
    private let next: (String) -> [String]
    /// Names whose ways are known.
    private var seen: Set<String> = []

    /// - Parameter next: the names that one leads to.
    init(from names: [String], next: @escaping (String) -> [String]) {
        self.next = next
        for name in names { search(name, path: []) }
    }

    /// - Parameter path: the names that lead here.
    private mutating func search(_ name: String, path: [String]) {
        guard !seen.contains(name) else { return }
        let path = path + [name]
        for other in next(name) {
            if let start = path.firstIndex(of: other) {
                circles.append(path[start...] + [other])
            } else {
                search(other, path: path)
            }
        }
        seen.insert(name)
    }
}
