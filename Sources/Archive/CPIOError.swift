public import Extents

/// A file that an initramfs archive cannot hold.
public struct CPIOError: HintedError, CustomStringConvertible, Sendable {
    public let path: TreePath
    public let reason: String
    public let hint: String?

    init(_ path: TreePath, _ reason: String, hint: String? = nil) {
        self.path = path
        self.reason = reason
        self.hint = hint
    }

    public var description: String { "'\(PlainText.short(path.description))': \(reason)" }
}

/// An initramfs image that the kernel would not unpack whole.
public struct CPIOReadError: Error, CustomStringConvertible, Sendable {
    public let reason: String
    public var description: String { reason }
}
