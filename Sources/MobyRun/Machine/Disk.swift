/// A disk of the machine: `[file=]PATH[,size=N[G|M]][,format=F]`.
public struct Disk: Hashable, Sendable {
    /// Where it is; `nil` makes `disk<i>.img` in the state folder.
    public var path: String?
    /// Size in MiB of a disk that is made when the file is not there.
    public var size: Int?
    public var format: DiskFormat?

    public init(path: String? = nil, size: Int? = nil, format: DiskFormat? = nil) {
        self.path = path
        self.size = size
        self.format = format
    }

    /// Reads the option's text; sizes without a letter are GiB.
    /// - Throws: ``RunError`` for an unknown key, a bad size, or neither a path nor a size.
    public init(parsing text: String) throws {
        self.init()
        for part in text.split(separator: ",", omittingEmptySubsequences: true).map(String.init) {
            guard let equals = part.firstIndex(of: "=") else {
                path = part
                continue
            }
            let value = String(part[part.index(after: equals)...])
            switch part[..<equals] {
            case "file": path = value
            case "size": size = try MemorySize.mebibytes(value, unit: .gibibytes, option: "--disk")
            case "format": format = try DiskFormat(parsing: value)
            case let key:
                throw RunError("--disk: unknown key '\(key)' in '\(text)'", hint: "the keys are file, size and format")
            }
        }
        if path == "" { path = nil }
        guard path != nil || size != nil else {
            throw RunError("--disk: '\(text)' has neither a file nor a size", hint: "write --disk data.qcow2,size=4G")
        }
    }

    /// Where it is; without a path of its own in the state folder, named by its number.
    func path(_ index: Int, in state: String) -> String { path ?? "\(state)/disk\(index == 0 ? "" : "\(index)").img" }

    /// Its format, which QEMU gets and does not guess. A size without a format means a disk of our making, and that is
    /// qcow2.
    func format(at path: String) -> DiskFormat { format ?? (size == nil ? DiskFormat.named(path) ?? .raw : .qcow2) }
}
