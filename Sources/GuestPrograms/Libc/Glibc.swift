/// Stands in for Swift's module of that name in the guest's programs: the C library, and what Swift adds to it.
// swift-format-ignore-file: AlwaysUseLowerCamelCase
@_exported public import CLibc

public var errno: Int32 {
    get { __errno_location().pointee }
    set { __errno_location().pointee = newValue }
}

/// Kinds of files (inode(7)), macros that Swift cannot import.
public var S_IFMT: mode_t { 0o170000 }
public var S_IFREG: mode_t { 0o100000 }
public var S_IFDIR: mode_t { 0o040000 }
public var S_IFLNK: mode_t { 0o120000 }
public var S_IFBLK: mode_t { 0o060000 }
public var S_IFCHR: mode_t { 0o020000 }
public var S_IFSOCK: mode_t { 0o140000 }
public var S_IFIFO: mode_t { 0o010000 }

public func open(_ path: UnsafePointer<CChar>, _ flags: Int32, _ mode: mode_t = 0) -> Int32 {
    libc_open(path, flags, mode)
}

public func openat(_ folder: Int32, _ path: UnsafePointer<CChar>, _ flags: Int32, _ mode: mode_t = 0) -> Int32 {
    libc_openat(folder, path, flags, mode)
}

public func fcntl(_ file: Int32, _ command: Int32, _ value: Int32 = 0) -> Int32 { libc_fcntl(file, command, value) }

/// The arguments of the program.
public enum CommandLine {
    public static var arguments: [String] {
        (0..<libc_argument_count()).compactMap { libc_argument($0).map { String(cString: $0) } }
    }
}
