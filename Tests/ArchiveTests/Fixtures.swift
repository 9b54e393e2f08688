public import Archive
import Extents
import Foundation
import Glibc
import TestSupport

/// Runs a tool that the tests judge by; it must be installed.
func run(_ arguments: String..., input: String = "/dev/null", folder: String? = nil) throws -> EndedProcess {
    try run(arguments, input: input, folder: folder)
}

func run(_ arguments: [String], input: String = "/dev/null", folder: String? = nil) throws -> EndedProcess {
    try withTemporaryDirectory { home in
        try EndedProcess(
            arguments[0], Array(arguments.dropFirst()), input: input, folder: folder,
            environment: ["LC_ALL": "C", "TZ": "UTC", "HOME": home])
    }
}

func contents(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: path))) }

/// The same for a path that need not be UTF-8.
func contents(_ path: [UInt8]) throws -> [UInt8] {
    let number = open(path.map { CChar(bitPattern: $0) } + [0], O_RDONLY)
    guard number >= 0 else { throw FileError("open", String(decoding: path, as: UTF8.self)) }
    return Array(try FileHandle(fileDescriptor: number, closeOnDealloc: true).readToEnd() ?? Data())
}

func put(_ bytes: [UInt8], _ path: String) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }

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
