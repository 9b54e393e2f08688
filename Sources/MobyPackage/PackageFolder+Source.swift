internal import Extents
internal import FoundationEssentials
internal import Glibc
internal import MobySpec

extension PackageFolder {
    /// The file or folder of a `source` in `build.yml`. Nothing outside the package's folder is read: a link in a
    /// folder stays a link, wherever it leads, and a source that is a link must lead to something inside.
    struct Source {
        enum Kind: Equatable {
            case directory
            case file
            case link(target: [UInt8])
        }

        struct Entry {
            /// Below the source; empty for the source itself.
            let name: String
            let path: String
            let kind: Kind
            let isExecutable: Bool
        }

        private let name: Located<String>
        /// With all links on the way followed.
        let path: String

        /// - Throws: `SpecError` for what does not exist or is outside the folder.
        init(_ name: Located<String>, in folder: String) throws {
            self.name = name
            let named = "\(folder)/\(name.value)"
            let shown = PlainText.short(name.value)
            guard let path = Self.resolved(named), let root = Self.resolved(folder) else {
                let code = errno
                if code == ENOENT, let target = try HostFiles.rawLink(named) {
                    throw Self.error(
                        name, "source '\(shown)' is a link to '\(PlainText.of(target))', which does not exist")
                }
                let reason = code == ENOENT ? "does not exist" : "cannot be read: \(FileError.text(of: code))"
                let target = try Self.target(folder).map { "run '\($0)', which makes it" }
                throw Self.error(
                    name, "source '\(shown)' \(reason)",
                    hint: target ?? "sources are files and folders next to build.yml")
            }
            guard path == root || path.hasPrefix(root == "/" ? root : root + "/") else {
                throw Self.error(
                    name,
                    "source '\(shown)' leads to '\(PlainText.short(path))', which is outside the package's folder",
                    hint: "copy it into the folder")
            }
            self.path = path
        }

        /// The command of a Makefile that the comment at the top of `build.yml` names: `make oci`.
        private static func target(_ folder: String) throws -> String? {
            let lines = try HostFiles.text("\(folder)/\(PackageFolder.fileName)").split(separator: "\n")
            let comment = lines.prefix { $0.hasPrefix("#") }.joined(separator: "\n")
            return comment.firstMatch(of: /`(make [a-z-]+)`/).map { String($0.1) }
        }

        /// The source itself, then what lies in it, in order of names.
        /// - Throws: `SpecError` for anything but a file, folder or link; `FileError`.
        func entries() throws -> [Entry] {
            var entries = [try entry("")]
            var folders = entries.filter { $0.kind == .directory }
            while let folder = folders.popLast() {
                for item in try names(in: folder) {
                    let entry = try entry(folder.name.isEmpty ? item : "\(folder.name)/\(item)")
                    entries.append(entry)
                    if entry.kind == .directory { folders.append(entry) }
                }
            }
            return entries[..<1] + entries[1...].sorted { $0.name < $1.name }
        }

        private func entry(_ name: String) throws -> Entry {
            let path = name.isEmpty ? self.path : "\(self.path)/\(name)"
            var info = stat()
            guard lstat(path, &info) == 0 else { throw FileError("read", path) }
            let kind: Kind
            switch info.st_mode & S_IFMT {
            case S_IFDIR: kind = .directory
            case S_IFREG: kind = .file
            case S_IFLNK: kind = .link(target: try HostFiles.rawLink(path) ?? { throw FileError("read", path) }())
            default:
                let whole = name.isEmpty ? self.name.value : "\(self.name.value)/\(name)"
                throw Self.error(
                    self.name,
                    "source '\(PlainText.short(whole))' is \(Self.described(info.st_mode)), expected a file, a folder or a link"
                )
            }
            return Entry(name: name, path: path, kind: kind, isExecutable: info.st_mode & S_IXUSR != 0)
        }

        private func names(in folder: Entry) throws -> [String] {
            try FolderTree.rawNames(in: folder.path).map { bytes in
                guard let name = String(validating: bytes, as: UTF8.self) else {
                    throw Self.error(
                        self.name,
                        "source '\(PlainText.short(self.name.value))' has '\(PlainText.of(bytes))', which is not a UTF-8 name"
                    )
                }
                return name
            }
        }

        private static func resolved(_ path: String) -> String? {
            guard let resolved = realpath(path, nil) else { return nil }
            defer { free(resolved) }
            return String(cString: resolved)
        }

        private static func described(_ mode: mode_t) -> String {
            switch mode & S_IFMT {
            case S_IFIFO: "a FIFO"
            case S_IFSOCK: "a socket"
            case S_IFBLK, S_IFCHR: "a device"
            default: "a special file"
            }
        }

        private static func error(_ name: Located<String>, _ message: String, hint: String? = nil) -> SpecError {
            SpecError([Diagnostic(at: name.location, message, hint: hint)])
        }
    }
}
