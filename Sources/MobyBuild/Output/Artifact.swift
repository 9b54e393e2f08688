public import Extents
internal import MobySpec

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
    /// What it could not carry.
    var warnings: [Diagnostic] = []

    public init(name: String, _ content: Content) {
        self.name = name
        self.content = content
    }

    /// Writes the file into a folder; nothing is left of it when that does not go well.
    func write(to path: String) throws {
        switch content {
        case .extents(let list): try ExtentWriter.write(list, to: path)
        case .stream(let produce): try ExtentWriter.stream(to: path) { sink in try produce { try sink.write($0) } }
        case .seekable(let produce): try ExtentWriter.stream(to: path, produce)
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
