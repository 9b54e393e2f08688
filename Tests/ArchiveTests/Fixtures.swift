public import Archive
import Extents
import Foundation
import Glibc
import TestSupport

/// Runs a program to its end.
/// - Parameter input: a file that it reads as standard input.
func run(_ arguments: String..., input: String? = nil, folder: String? = nil) throws -> EndedProcess {
    try run(arguments, input: input, folder: folder)
}

func run(_ arguments: [String], input: String? = nil, folder: String? = nil) throws -> EndedProcess {
    let home = try TemporaryFolder()
    return try Oracle(arguments[0]).end(
        Array(arguments.dropFirst()), input: try input.map { try TestFile.read($0) } ?? [], folder: folder,
        environment: ["HOME": home.path])
}

/// The bytes of a file, whose path need not be UTF-8.
func contents(_ path: [UInt8]) throws -> [UInt8] {
    let number = open(path.map { CChar(bitPattern: $0) } + [0], O_RDONLY)
    guard number >= 0 else { throw FileError("open", String(decoding: path, as: UTF8.self)) }
    return Array(try FileHandle(fileDescriptor: number, closeOnDealloc: true).readToEnd() ?? Data())
}

/// A node's name in a test's tar.
extension TreePath: ExpressibleByStringLiteral {
    public init(stringLiteral value: String) { self = TreePath(value.utf8) ?? .root }
}

extension FileTree.Node {
    static func file(_ text: String, mode: UInt16 = 0o644) -> FileTree.Node {
        FileTree.Node(.regular(ExtentList(bytes: Array(text.utf8))), mode: mode)
    }
    static func directory(mode: UInt16 = 0o755) -> FileTree.Node { FileTree.Node(.directory, mode: mode) }
    static func symlink(_ target: String) -> FileTree.Node { FileTree.Node(.symlink(Array(target.utf8)), mode: 0o777) }
}

/// The bytes of a tar archive.
func tar(_ body: (TarWriter) throws -> Void) throws -> ExtentList {
    let bytes = Bytes()
    let writer = TarWriter { bytes.all.append(contentsOf: $0) }
    try body(writer)
    try writer.finish()
    return ExtentList(bytes: bytes.all)
}

/// A growing array that closures share.
final class Bytes {
    var all: [UInt8] = []
}

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
            return "f \(head) \(SHA256.hash(try ExtentReader.bytes(of: contents)).hex.prefix(8))\(attributes)"
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
        case S_IFREG: return "f \(head) \(SHA256.hash(try TestFile.read("\(folder)/\(path)")).hex.prefix(8))"
        case S_IFLNK:
            return "l \(head) -> \(try FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(path)"))"
        case S_IFIFO: return "p \(head)"
        default: return "? \(head)"
        }
    }
}
