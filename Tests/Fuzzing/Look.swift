public import Extents
public import MobyInspect

/// What `moby inspect`, `moby ls` and `moby cat` do with a file.
public enum Look {
    /// How many files are read.
    private static let files = 24

    /// - Returns: whether the file is an artifact, sound or with errors in it.
    public static func at(_ content: ExtentList, scratch: String, limits: Limits = Limits()) -> Bool {
        guard let inspection = try? Inspection(content, scratch: scratch, limits: limits) else { return false }
        _ = inspection.root.text(name: "artifact")
        _ = inspection.root.document
        _ = inspection.errors
        // An error of one file says nothing about the next.
        guard let all = try? inspection.list(nil) else { return true }
        for entry in all.prefix(files) + all.suffix(4) {
            _ = entry.file.line(in: entry.volume)
            try? inspection.read("\(entry.volume):/\(entry.file.path)") { _ in }
        }
        _ = try? inspection.list("/etc")
        try? inspection.read("/etc/motd") { _ in }
        return true
    }
}
