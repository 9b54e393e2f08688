internal import Extents
internal import Glibc

extension ContentStore {
    /// The entries of a store that are moby's, and those that are not.
    public struct Contents: Sendable {
        /// Number of images with a name.
        public var images = 0
        /// Number of files.
        public var files = 0
        /// Their size in bytes.
        public var bytes: UInt64 = 0
        /// Entries that are not moby's, as paths in the store.
        public var others: [String] = []
        fileprivate var own: [String] = []

        public init() {}
    }

    /// What ``removeAll(path:force:)`` would remove and leave.
    /// - Throws: `FileError`.
    public func contents() throws -> Contents {
        var contents = Contents()
        contents.images = try entries().count
        try collect("", &contents)
        for name in contents.own {
            let (files, bytes) = try FolderTree.measure("\(root)/\(name)")
            contents.files += files
            contents.bytes += bytes
        }
        return contents
    }

    /// Removes moby's entries, then the folder unless something remains in it or the path is a symbolic link.
    /// - Parameter force: also while another process uses the store.
    /// - Returns: what was removed and what was left.
    /// - Throws: `StoreError` for a folder that is not a store, or is in use; `FileError`.
    public static func removeAll(path: String, force: Bool = false) throws -> (Contents, isFolderGone: Bool) {
        // A writer refuses a folder that is something else.
        let store = try ContentStore(path: path)
        try store.folder.adopt()
        guard try HostFiles.isTaken("\(store.root)/\(StoreFolder.markName)") else { return (Contents(), false) }
        return try store.folder.alone { isAlone in
            guard isAlone || force else { throw StoreError.inUse(store.path) }
            let contents = try store.contents()
            for name in contents.own { try FolderTree.remove("\(store.root)/\(name)") }
            let roots = try FolderTree.names(in: "\(store.root)/\(StoreNames.apt)").map { "\(StoreNames.apt)/\($0)" }
            for folder in StoreNames.folders + ["blobs"] + roots + [StoreNames.apt]
            where try HostFiles.link("\(store.root)/\(folder)") == nil {
                // Entries that are not moby's keep their folder.
                guard rmdir("\(store.root)/\(folder)") != 0, ![ENOENT, ENOTEMPTY, EEXIST, ENOTDIR].contains(errno)
                else { continue }
                throw FileError("remove", "\(store.root)/\(folder)")
            }
            for name in try FolderTree.names(in: store.root) where name.hasPrefix(StoreFolder.markName) {
                try FolderTree.remove("\(store.root)/\(name)")
            }
            // The root of a file system, "." and a symbolic link stay.
            return (contents, rmdir(store.root) == 0 || errno == ENOENT)
        }
    }

    private func collect(_ folder: String, _ contents: inout Contents) throws {
        for name in try FolderTree.names(in: "\(root)/\(folder)")
        where !name.hasPrefix(StoreFolder.markName) || !folder.isEmpty {
            let path = folder.isEmpty ? name : "\(folder)/\(name)"
            if try isShared(path) {
                try collect(path, &contents)
            } else if folder.isEmpty
                ? StoreNames.files.contains(name) || StoreNames.isWork(name) : StoreNames.isOwn(name, in: folder),
                try isSafe(path)
            {
                contents.own.append(path)
            } else if path != "lost+found" {
                contents.others.append(path)
            }
        }
    }

    /// A folder that may have entries of others. One behind a symbolic link is not moby's.
    private func isShared(_ path: String) throws -> Bool {
        let full = "\(root)/\(path)"
        guard StoreNames.isShared(path), try HostFiles.isFolder(full), try HostFiles.link(full) == nil else {
            return false
        }
        if path.split(separator: "/").first.map(String.init) != StoreNames.apt || path == StoreNames.apt { return true }
        return try ["apt.conf", "lock"].contains { try HostFiles.size("\(full)/\($0)") != nil }
    }

    /// Whether an entry with a name of moby's has the form of moby's: files are files, and the index is an index.
    private func isSafe(_ path: String) throws -> Bool {
        let full = "\(root)/\(path)"
        if path == "index.json" {
            return try HostFiles.readIfFit(full, limit: 64 << 20).map {
                String(decoding: $0, as: UTF8.self).contains("\"schemaVersion\"")
            } ?? false
        }
        guard try HostFiles.isFolder(full) else { return true }
        return StoreNames.isWork(path)
            || ["tmp/", "debs/download-", StoreNames.apt + "/"].contains { path.hasPrefix($0) }
    }
}
