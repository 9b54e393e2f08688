import Archive
import Extents
import Foundation
import Glibc

/// One line for each name: type, mode, owner, time, name, and what the kind of node has. Other names of a file point at
/// its first.
/// - Parameter bare: without owners and the times of directories, which an unprivileged unpacking does not keep.
func listing(_ tree: FileTree, bare: Bool = false) throws -> [String] {
    var first: [Int: TreePath] = [:]
    return try tree.paths.map { path in
        guard let node = tree[path], let identity = tree.identity(of: path) else { return "\(path): gone" }
        let mode = String(node.mode, radix: 8)
        let head =
            bare ? "\(mode) \(node.modified) \(path)" : "\(mode) \(node.uid):\(node.gid) \(node.modified) \(path)"
        if let other = first[identity] { return "h \(path) = \(other)" }
        first[identity] = path
        let attributes = node.attributes.map { " \($0.name)=\(String(decoding: $0.value, as: UTF8.self))" }.joined()
        switch node.kind {
        case .directory: return bare ? "d \(mode) \(path)" : "d \(head)\(attributes)"
        case .regular(let contents):
            return "f \(head) \(SHA256.hash(try ExtentReader.bytes(of: contents)).prefix(8))\(attributes)"
        case .symlink(let target): return "l \(head) -> \(String(decoding: target, as: UTF8.self))"
        case .characterDevice(let major, let minor): return "c \(head) \(major),\(minor)"
        case .blockDevice(let major, let minor): return "b \(head) \(major),\(minor)"
        case .fifo: return "p \(head)"
        }
    }
}

/// The same of a folder, bare.
func listing(folder: String) throws -> [String] {
    var first: [ino_t: String] = [:]
    let names = try FileManager.default.subpathsOfDirectory(atPath: folder).compactMap { TreePath($0.utf8) }.sorted()
    return try names.map { path in
        var info = stat()
        guard lstat("\(folder)/\(path)", &info) == 0 else { throw FileError("read", "\(folder)/\(path)") }
        let head = "\(String(info.st_mode & 0o7777, radix: 8)) \(info.st_mtim.tv_sec) \(path)"
        if info.st_mode & S_IFMT != S_IFDIR, info.st_nlink > 1 {
            if let other = first[info.st_ino] { return "h \(path) = \(other)" }
            first[info.st_ino] = path.description
        }
        switch info.st_mode & S_IFMT {
        case S_IFDIR: return "d \(String(info.st_mode & 0o7777, radix: 8)) \(path)"
        case S_IFREG: return "f \(head) \(SHA256.hash(try contents("\(folder)/\(path)")).prefix(8))"
        case S_IFLNK:
            return "l \(head) -> \(try FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(path)"))"
        case S_IFIFO: return "p \(head)"
        default: return "? \(head)"
        }
    }
}
