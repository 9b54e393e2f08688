internal import CLinux
internal import Glibc

/// Writes output files: under a temporary name next to `path`, then by rename; on any error nothing is left.
public enum ExtentWriter {
    /// Writes a list: holes by length only, file ranges by copy_file_range(2) or a loop, then renames. Files with a
    /// checksum are compared with it on the way, which costs nothing where the kernel would copy bytes as well.
    /// - Parameter mode: permission bits, less the process's umask.
    /// - Throws: `FileError`, `ExtentError.changed`, `ExtentError.notRegular`.
    public static func write(_ list: ExtentList, to path: String, mode: UInt32 = 0o644) throws {
        let partial = try PartialFile(path, mode: mode)
        try partial.write(list)
        try partial.commit()
    }

    /// Writes bytes from memory, in the same way.
    public static func write(_ bytes: [UInt8], to path: String, mode: UInt32 = 0o644) throws {
        try write(ExtentList(bytes: bytes), to: path, mode: mode)
    }

    /// Writes whatever `produce` gives to the sink, for files whose length is not known before.
    /// - Parameters:
    ///   - mode: permission bits, less the process's umask.
    ///   - replacing: whether a file of this name and size gives way. One that is named for its contents need not, and
    ///     must not while another process reads it.
    /// - Throws: `FileError`, `ExtentError.notRegular`, or what `produce` throws.
    public static func stream(
        to path: String, mode: UInt32 = 0o644, replacing: Bool = true, _ produce: (inout FileSink) throws -> Void
    ) throws {
        let partial = try PartialFile(path, mode: mode)
        try partial.stream(produce)
        if replacing { try partial.commit() } else { try partial.commitUnlessThere() }
    }
}

extension PartialFile {
    /// Makes a list the contents of the empty file: holes by length only.
    /// - Parameter count: called with the length of each extent once it is written.
    /// - Throws: `FileError`, `ExtentError.changed`.
    public func write(_ list: ExtentList, _ count: (UInt64) -> Void = { _ in }) throws {
        var output = Output(file: file, path: path)
        output.reserve(list)
        for extent in list.extents {
            try output.append(extent)
            count(extent.length)
        }
        try output.verify()
        guard ftruncate(file.number, off_t(list.length)) == 0 else { throw FileError("write", path) }
    }

    /// Makes what `produce` gives to the sink the contents of the empty file.
    /// - Parameter count: called with the length of each piece, in bytes.
    /// - Throws: `FileError`, or what `produce` throws.
    public func stream(counting count: ((Int) -> Void)? = nil, _ produce: (inout FileSink) throws -> Void) throws {
        var sink = FileSink(file, path: path, count)
        try produce(&sink)
        try sink.flush()
    }
}

/// The file that ``ExtentWriter`` fills.
private struct Output: ~Copyable {
    let file: OpenFile
    let path: String
    private var position: UInt64 = 0
    private var scratch = Scratch()
    private var copiesInKernel = true
    private var checked: [ObjectIdentifier: SourceFile] = [:]
    private var checks: [ObjectIdentifier: Check] = [:]
    /// Whether the file system can let two files have the same blocks: then nothing is copied, and a check is all that
    /// reads.
    private let sharesBlocks: Bool

    /// How far a file was copied from its start on.
    private struct Check {
        let file: SourceFile
        var end: UInt64 = 0
        var sum = CRC32C()
    }

    init(file: OpenFile, path: String) {
        self.file = file
        self.path = path
        sharesBlocks = !FreeSpace.isCounted(in: PartialFiles.folder(of: path))
    }

    /// Compares what was not read in one go from start to end.
    mutating func verify() throws {
        for check in checks.values where check.file.isUnverified {
            if check.end == check.file.size { try check.file.verify(check.sum) } else { try check.file.verify() }
        }
    }

    /// Asks for the blocks of everything but the holes. Whether the file system can is all the same: without them, ext4
    /// waits for the contents to reach the disk when a file takes the place of another.
    func reserve(_ list: ExtentList) {
        var (start, end): (UInt64, UInt64) = (0, 0)
        for extent in list.extents {
            if case .hole = extent.source {
                if end > start { _ = moby_allocate(file.number, off_t(start), off_t(end - start)) }
                start = end + extent.length
            }
            end += extent.length
        }
        if end > start { _ = moby_allocate(file.number, off_t(start), off_t(end - start)) }
    }

    mutating func append(_ extent: Extent) throws {
        switch extent.source {
        case .hole: position += extent.length
        case .bytes(let bytes): try bytes.withUnsafeBytes { try put($0) }
        case .file(let range): try copy(range)
        }
    }

    private mutating func copy(_ range: FileRange) throws {
        if checked.updateValue(range.file, forKey: ObjectIdentifier(range.file)) == nil { try range.file.check() }
        if range.file.isUnverified {
            if !sharesBlocks { return try copyChecked(range) }
            try range.file.verify()
        }
        let done = copiesInKernel ? try copyInKernel(range) : 0
        try copyByHand(FileRange(range.file, offset: range.offset + done, length: range.length - done))
    }

    /// - Returns: how many bytes it could copy; the caller copies the rest.
    private mutating func copyInKernel(_ range: FileRange) throws -> UInt64 {
        let source = try range.file.descriptor()
        var from = Int64(range.offset)
        var to = Int64(position)
        var done: UInt64 = 0
        while done < range.length {
            let step = Int(min(range.length - done, 1 << 30))
            let count = moby_copy_file_range(source.number, &from, file.number, &to, step)
            if count < 0, errno == EINTR { continue }
            if count < 0, ![EXDEV, EINVAL, ENOSYS, EOPNOTSUPP, EPERM].contains(errno) {
                throw FileError("write", path, file: file.number)
            }
            // Some file systems answer 0 for files that do have bytes: the loop finds out.
            if count <= 0 {
                copiesInKernel = false
                break
            }
            done += UInt64(count)
        }
        position += done
        return done
    }

    private mutating func copyChecked(_ range: FileRange) throws {
        var check = checks[ObjectIdentifier(range.file)] ?? Check(file: range.file)
        let isNext = check.end == range.offset
        try copyByHand(range) { if isNext { check.sum.update($0) } }
        if isNext { check.end += range.length }
        checks[ObjectIdentifier(range.file)] = check
    }

    private mutating func copyByHand(_ range: FileRange, _ see: (UnsafeRawBufferPointer) -> Void = { _ in }) throws {
        var done: UInt64 = 0
        while done < range.length {
            let buffer = scratch.buffer(Int(min(range.length - done, ExtentReader.pieceLength)))
            try range.file.readUnverified(into: buffer, at: range.offset + done)
            see(UnsafeRawBufferPointer(buffer))
            try put(UnsafeRawBufferPointer(buffer))
            done += UInt64(buffer.count)
        }
    }

    private mutating func put(_ bytes: UnsafeRawBufferPointer) throws {
        try file.write(bytes, at: position, path)
        position += UInt64(bytes.count)
    }
}
