internal import CLinux
internal import Glibc
internal import SystemPackage

/// A file that cannot serve: a folder, a device, one with too many bytes or the wrong contents.
public struct UnfitFile: HintedError, CustomStringConvertible {
    public let description: String
    public let hint: String?

    public init(_ description: String, hint: String? = nil) { (self.description, self.hint) = (description, hint) }
}

/// An open file, closed with its last reference.
final class OpenFile: Sendable {
    let descriptor: FileDescriptor

    var number: Int32 { descriptor.rawValue }

    init(_ descriptor: FileDescriptor) { self.descriptor = descriptor }

    /// - Parameter verb: for errors.
    init(
        _ path: String, _ mode: FileDescriptor.AccessMode, _ options: FileDescriptor.OpenOptions = [],
        permissions: FilePermissions? = nil, verb: String = "open"
    ) throws(FileError) {
        do {
            descriptor = try FileDescriptor.open(
                path, mode, options: options.union(.closeOnExec), permissions: permissions)
        } catch { throw FileError(verb, path, error) }
    }

    deinit { try? descriptor.close() }

    /// - Parameter path: for errors.
    /// - Returns: how many bytes were read; 0 at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64? = nil, _ path: String) throws(FileError)
        -> Int
    {
        do {
            guard let offset else { return try descriptor.read(into: buffer) }
            return try descriptor.read(fromAbsoluteOffset: Int64(offset), into: buffer)
        } catch { throw FileError("read", path, error) }
    }

    /// Writes all bytes at the file's position, or at an offset.
    /// - Parameters:
    ///   - path: for errors.
    ///   - folder: where the file is, when `path` does not say so.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64? = nil, _ path: String, folder: String? = nil)
        throws(FileError)
    {
        do {
            if let offset {
                try descriptor.writeAll(toAbsoluteOffset: Int64(offset), bytes)
            } else {
                try descriptor.writeAll(bytes)
            }
        } catch { throw FileError("write", path, error, file: number, folder: folder) }
    }
}

extension FileError {
    /// - Parameter error: an `Errno`, as every function of swift-system throws it.
    init(_ operation: String, _ path: String, _ error: any Error, file: Int32? = nil, folder: String? = nil) {
        self.init(operation, path, code: (error as? Errno)?.rawValue ?? EIO, file: file, folder: folder)
    }

    /// Whether no file has the name.
    public var isMissing: Bool { code == ENOENT || code == ENOTDIR }
}
