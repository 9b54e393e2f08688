internal import Archive

extension Volume {
    /// A volume's files by path.
    struct Index {
        private var places: [TreePath: Int] = [:]
        private let volume: Volume
        /// As many symlinks as the kernel follows.
        private static let linkLimit = 40

        init(_ volume: Volume) {
            self.volume = volume
            for (place, file) in volume.files.enumerated() { places[key(file.path)] = place }
        }

        subscript(path: TreePath) -> File? { places[key(path)].map { volume.files[$0] } }

        /// What equal names of the volume have in common.
        private func key(_ path: TreePath) -> TreePath {
            guard volume.ignoresCase else { return path }
            return TreePath(String(decoding: path.bytes, as: UTF8.self).lowercased().utf8) ?? path
        }

        /// What a path means: symlinks are followed, `..` never leads out of the volume.
        /// - Returns: nil when there is nothing.
        func resolve(_ path: [UInt8]) -> TreePath? {
            var waiting = Array(path.split(separator: 0x2F).reversed())
            var current = TreePath.root
            var links = 0
            while let part = waiting.popLast() {
                if part.elementsEqual(".".utf8) { continue }
                if part.elementsEqual("..".utf8) {
                    current = current.parent
                    continue
                }
                guard let name = TreePath(part) else { return nil }
                let next = current.appending(name)
                guard let file = self[next] else {
                    // Archives need not name the folders of their files.
                    guard hasFiles(below: next) else { return nil }
                    current = next
                    continue
                }
                guard file.kind == .symlink else {
                    // As the volume writes it.
                    current = file.path
                    continue
                }
                links += 1
                guard links <= Self.linkLimit else { return nil }
                if file.target.first == 0x2F { current = .root }
                waiting += file.target.split(separator: 0x2F).reversed()
            }
            return current
        }

        private func hasFiles(below path: TreePath) -> Bool { volume.files.contains { $0.path.isInside(path) } }

        /// The files that count, at a path and below it, sorted.
        func files(in path: TreePath) -> [File] {
            places.values.map { volume.files[$0] }.filter { $0.path.isInside(path) && !$0.path.isRoot }.sorted { $0.path < $1.path }
        }
    }
}
