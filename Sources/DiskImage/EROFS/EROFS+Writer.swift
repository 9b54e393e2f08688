internal import Archive
internal import Extents

extension EROFS {
    /// Makes one image: collects inodes, places contents, then inodes, then directories.
    struct Writer {
        struct Item {
            /// The first of its names.
            let path: TreePath
            var fields = InodeFields()
            var attributes: [UInt8] = []
            /// The bytes after the inode, unless they are a file's or directory's tail.
            var trailer: [UInt8] = []
            /// Bytes from the start of the inodes.
            var position = 0
        }

        /// A part of the blocks with contents.
        enum Piece {
            case plain(ExtentList)
            /// So many bytes of the compressed clusters.
            case packed(UInt64)
        }

        let tree: FileTree
        let options: Options
        private(set) var items: [Item] = []
        /// Entries of each directory, then its blocks.
        private var entries: [Int: [Directory.Entry]] = [:]
        private var parents: [Int: Int] = [:]
        private var directories: [(item: Int, content: Directory)] = []
        private var pieces: [Piece] = []
        private var nextBlock: UInt64 = 1
        private var features: Features = []

        init(_ tree: FileTree, _ options: Options) throws {
            precondition(options.uuid.count == 16, "a UUID of \(options.uuid.count) bytes")
            self.tree = tree
            self.options = options
            try collect()
        }

        /// The inodes in the order of their first names, the root first.
        private mutating func collect() throws {
            var known: [Int: Int] = [:]
            var folders: [TreePath: Int] = [:]
            try add(.root, tree[.root] ?? FileTree.Node(.directory, mode: 0o755), &folders)
            guard folders[.root] != nil else { throw DiskImageError("the root of the tree is not a directory") }
            for path in tree.paths where !path.isRoot {
                guard let node = tree[path], let identity = tree.identity(of: path) else { continue }
                guard let folder = folders[path.parent] else {
                    throw DiskImageError("'/\(path)': its parent is not a directory of the tree")
                }
                guard path.name.count <= 255 else {
                    throw DiskImageError("'/\(path)': the name is \(path.name.count) bytes long; the limit is 255")
                }
                let item = known[identity] ?? items.count
                if item < items.count {
                    items[item].fields.links += 1
                } else {
                    try add(path, node, &folders)
                    if folders[path] == nil { known[identity] = item }
                }
                if folders[path] == item { parents[item] = folder }
                entries[folder, default: []].append(
                    Directory.Entry(name: Array(path.name), type: FileType(node.kind), item: item))
            }
            directories = folders.values.sorted().map { item in
                let entries = entries.removeValue(forKey: item) ?? []
                items[item].fields.links = 2 + UInt32(entries.count { $0.type == .directory })
                return (item, Directory(entries, item: item, parent: parents[item] ?? 0))
            }
        }

        private mutating func add(_ path: TreePath, _ node: FileTree.Node, _ folders: inout [TreePath: Int]) throws {
            var item = Item(path: path)
            item.attributes = try Attributes.bytes(node.attributes, of: path)
            item.fields = InodeFields(
                attributesLength: item.attributes.count, type: FileType(node.kind), permissions: node.mode,
                number: UInt32(items.count + 1),
                uid: node.uid, gid: node.gid, modified: node.modified)
            switch node.kind {
            case .directory: folders[path] = items.count
            case .regular(let contents): item.fields.size = contents.length
            case .symlink(let target):
                guard target.count < blockSize else {
                    throw DiskImageError(
                        "'/\(path)': the link's target has \(target.count) bytes, the kernel reads \(blockSize - 1)")
                }
                item.fields.size = UInt64(target.count)
            case .characterDevice(let major, let minor), .blockDevice(let major, let minor):
                guard major < 1 << 12, minor < 1 << 20 else {
                    throw DiskImageError("'/\(path)': device \(major):\(minor) exceeds the limit 4095:1048575")
                }
                item.fields.union = EROFS.device(major: major, minor: minor)
            case .fifo: break
            }
            items.append(item)
        }

        // MARK: Contents

        /// Gives files and links their blocks.
        mutating func placeFiles(_ packer: Packer?) throws {
            for index in items.indices where items[index].fields.size > 0 {
                switch tree[items[index].path]?.kind {
                case .regular(let contents)?: try place(contents, of: index, packer)
                case .symlink(let target)?:
                    let list = ExtentList(bytes: target)
                    placeFlat(list, of: index)
                    if items[index].fields.layout == .inline { items[index].trailer = target }
                default: break
                }
            }
        }

        private mutating func place(_ contents: ExtentList, of index: Int, _ packer: Packer?) throws {
            guard contents.length > UInt64(blockSize), let packer,
                let packed = try packer.pack(contents, from: try checked(nextBlock))
            else { return placeFlat(contents, of: index) }
            items[index].fields.layout = .packed
            items[index].fields.union = packed.blocks
            items[index].trailer = packed.index
            pieces += packed.pieces
            nextBlock += UInt64(packed.blocks)
            features = [.zeroPadding, .configurations]
        }

        /// Whole blocks, and the rest after the inode when it fits there.
        private mutating func placeFlat(_ contents: ExtentList, of index: Int) {
            let tail = contents.length % UInt64(blockSize)
            let isInline = tail > 0 && headLength(index) + Int(tail) <= blockSize
            var list = isInline ? contents[0..<contents.length - tail] : contents
            list.pad(toMultipleOf: UInt64(blockSize))
            items[index].fields.layout = isInline ? .inline : .plain
            if list.length > 0 { items[index].fields.union = UInt32(truncatingIfNeeded: nextBlock) }
            nextBlock += list.length / UInt64(blockSize)
            pieces.append(.plain(list))
        }

        private func headLength(_ index: Int) -> Int {
            items[index].fields.length(time: options.time) + items[index].attributes.count
        }

        private func checked(_ block: UInt64) throws -> UInt32 {
            guard block < UInt64(UInt32.max) else {
                throw DiskImageError(
                    "more than \(UInt32.max - 1) blocks of \(blockSize) bytes",
                    hint: "make the tree smaller than 16 TiB")
            }
            return UInt32(block)
        }

        // MARK: Inodes

        /// Places inodes and directories, and puts everything together.
        mutating func finish(packed: ExtentList) throws -> ExtentList {
            let metaBlock = nextBlock
            let length = placeInodes()
            var directoryBlock = metaBlock + EROFS.blocks(UInt64(length))
            for (item, content) in directories {
                let blocks = content.ranges.count - (items[item].fields.layout == .inline ? 1 : 0)
                if blocks > 0 { items[item].fields.union = UInt32(truncatingIfNeeded: directoryBlock) }
                directoryBlock += UInt64(blocks)
            }
            var superblock = Superblock()
            superblock.inodes = UInt64(items.count)
            superblock.time = options.time
            superblock.blocks = try checked(directoryBlock)
            superblock.uuid = options.uuid
            superblock.label = options.label
            superblock.rootNode = UInt16(items[0].position / slotSize)
            superblock.metaBlock = UInt32(metaBlock)
            superblock.incompatible = features
            superblock.greatestCluster = UInt16(Packer.clusterBlocks)

            var image = ExtentList(bytes: superblock.block)
            append(packed, to: &image)
            image.append(.bytes(try metadata(length: length)))
            image.pad(toMultipleOf: UInt64(blockSize))
            return image
        }

        private func append(_ packed: ExtentList, to image: inout ExtentList) {
            var done: UInt64 = 0
            for piece in pieces {
                switch piece {
                case .plain(let list): image.append(list)
                case .packed(let length):
                    image.append(packed[done..<done + length])
                    done += length
                }
            }
        }

        /// - Returns: how many bytes the inodes take.
        private mutating func placeInodes() -> Int {
            for (item, content) in directories {
                items[item].fields.size = UInt64(content.size)
                items[item].fields.layout = headLength(item) + content.tail <= blockSize ? .inline : .plain
            }
            // The kernel's number of an inode is its nid, and 0 is not a number.
            var slots = Slots(reserved: slotSize)
            for index in items.indices { items[index].position = slots.take(length(of: index)) }
            return slots.length
        }

        private func length(of index: Int) -> Int {
            let fields = items[index].fields
            switch fields.layout {
            case .inline: return headLength(index) + Int(fields.size % UInt64(blockSize))
            case .packed: return (headLength(index) + 7) / 8 * 8 + items[index].trailer.count
            default: return headLength(index)
            }
        }

        /// The blocks of inodes and of directories.
        private func metadata(length: Int) throws -> [UInt8] {
            let directoryStart = (length + blockSize - 1) / blockSize * blockSize
            var bytes = [UInt8](repeating: 0, count: directoryStart)
            for item in items { try write(item, into: &bytes) }
            for (index, content) in directories {
                let item = items[index]
                let data = content.bytes { UInt64(items[$0].position / slotSize) }
                let isInline = item.fields.layout == .inline
                let whole = isInline ? data.count - content.tail : data.count
                bytes += data[..<whole]
                bytes += [UInt8](repeating: 0, count: (blockSize - bytes.count % blockSize) % blockSize)
                if isInline { put(Array(data[whole...]), at: item.position + headLength(index), in: &bytes) }
            }
            return bytes
        }

        private func write(_ item: Item, into bytes: inout [UInt8]) throws {
            var head = item.fields.bytes(time: options.time) + item.attributes
            if item.fields.layout == .packed { head += [UInt8](repeating: 0, count: (8 - head.count % 8) % 8) }
            put(head + item.trailer, at: item.position, in: &bytes)
            guard item.fields.layout == .inline, case .regular(let contents)? = tree[item.path]?.kind else { return }
            let tail = contents.length - contents.length % UInt64(blockSize)
            put(
                try ExtentReader.bytes(of: contents[tail..<contents.length]), at: item.position + head.count, in: &bytes
            )
        }

        private func put(_ data: [UInt8], at position: Int, in bytes: inout [UInt8]) {
            bytes.replaceSubrange(position..<position + data.count, with: data)
        }
    }
}
