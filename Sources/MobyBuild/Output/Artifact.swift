public import Extents
internal import Glibc
internal import MobySpec
internal import Progress

/// One file of an output, not yet written.
public struct Artifact: Sendable {
    public enum Content: Sendable {
        /// Bytes whose length is known.
        case extents(ExtentList)
        /// Bytes that are made as they are written.
        case stream(@Sendable (_ write: (UnsafeRawBufferPointer) throws -> Void) throws -> Void)
        /// The same, with something at the start that is known last: it needs a file, no pipe.
        case seekable(@Sendable (_ sink: inout FileSink) throws -> Void)
    }

    /// File name, e.g. `web-initrd.img`.
    public let name: String
    public let content: Content
    /// Name of the format that it is a file of.
    var format = ""
    /// nil until its format is known.
    var role: OutputFormat.Role?
    /// What it could not carry.
    var warnings: [Diagnostic] = []

    public init(name: String, _ content: Content) {
        self.name = name
        self.content = content
    }

    /// Writes the file under a temporary name; the caller commits it.
    /// - Throws: `FileError` with the size that the file needs, when there is no room.
    func written(to path: String, _ progress: Reporter) throws -> PartialFile {
        var total: UInt64?
        if case .extents(let list) = content { total = list.length }
        return try progress.during(.write, path, total: total) { try written(to: path, $0) }
    }

    private func written(to path: String, _ step: Step) throws -> PartialFile {
        do {
            let file = try PartialFile(path)
            switch content {
            case .extents(let list): try file.write(list) { step.add($0) }
            case .stream(let produce):
                try file.stream(counting: { step.add($0) }) { sink in try produce { try sink.write($0) } }
            case .seekable(let produce): try file.stream(counting: { step.add($0) }, produce)
            }
            return file
        } catch let error as FileError where error.path == path && [ENOSPC, EDQUOT, EFBIG].contains(error.code) {
            throw FileError(error, path: path, needed: try sizeOnDisk())
        }
    }

    /// How many bytes the file takes on disk. Contents that are made while they are written are made once more, only
    /// for their length.
    func sizeOnDisk() throws -> UInt64 {
        switch content {
        case .extents(let list): return list.dataRanges.reduce(0) { $0 + $1.upperBound - $1.lowerBound }
        case .stream(let produce):
            var size: UInt64 = 0
            try withUnsafeMutablePointer(to: &size) { size in try produce { size.pointee += UInt64($0.count) } }
            return size
        case .seekable(let produce):
            let nowhere = open("/dev/null", O_RDWR | O_CLOEXEC)
            guard nowhere >= 0 else { throw FileError("open", "/dev/null") }
            defer { close(nowhere) }
            var sink = try FileSink(descriptor: nowhere, name: "/dev/null")
            try produce(&sink)
            return sink.written
        }
    }

    /// Hands the bytes on, e.g. to standard output.
    public func stream(_ write: (UnsafeRawBufferPointer) throws -> Void) throws {
        switch content {
        case .extents(let list): try ExtentReader.read(list, write)
        case .stream(let produce): try produce(write)
        case .seekable: throw BuildError("'\(name)' cannot be written to a pipe", hint: "name a file")
        }
    }
}

extension ExtentList {
    /// Lists one after the other, each padded with zeros to 4 bytes: between archives of an initrd the kernel wants
    /// just that.
    static func concatenating(_ lists: [ExtentList]) -> ExtentList {
        var result = ExtentList()
        for list in lists {
            for extent in list.extents { result.append(extent) }
            let rest = Int(result.length % 4)
            if rest > 0 { result.append(.bytes([UInt8](repeating: 0, count: 4 - rest))) }
        }
        return result
    }
}
