internal import Archive
internal import CArchive
internal import Extents
internal import MobyBuild

/// Reads `.deb` files (deb(5)): an ar archive with `debian-binary`, `control.tar.*` and `data.tar.*`.
enum DebianArchive {
    /// Hands on the uncompressed `data.tar` of a package.
    /// - Throws: `BuildError` for a file that is not a package.
    static func contents(of file: String, _ consume: (UnsafeRawBufferPointer) throws -> Void) throws {
        try read("data.tar", of: file, consume)
    }

    /// What a package says about itself.
    struct Control {
        /// The file `control`: name, version and other fields.
        let text: String
        /// The scripts that dpkg would run at the installation, in that order: `preinst`, `postinst`. Programs that are
        /// not shell scripts are left out.
        let scripts: [String]
    }

    static func control(of file: String) throws -> Control {
        var tar: [UInt8] = []
        try read("control.tar", of: file) { tar += $0 }
        let tree = try FileTree.tar(ExtentList([.bytes(tar)]))
        let scripts = try [TreePath("preinst"), TreePath("postinst")].compactMap { try tree.text(at: $0) }
        return Control(
            text: try tree.text(at: TreePath("control")) ?? "",
            scripts: scripts.filter { $0.hasPrefix("#!") && $0.prefix { $0 != "\n" }.contains("sh") })
    }

    private static func read(_ member: String, of file: String, _ consume: (UnsafeRawBufferPointer) throws -> Void)
        throws
    {
        guard let outer = archive_read_new() else { throw error(file, "no memory") }
        defer { archive_read_free(outer) }
        archive_read_support_format_ar(outer)
        try check(archive_read_open_filename(outer, file, 1 << 20), outer, file)
        var entry: OpaquePointer?
        while true {
            let status = archive_read_next_header(outer, &entry)
            guard status != ARCHIVE_EOF else { throw error(file, "it has no '\(member)'") }
            try check(status, outer, file)
            if let name = archive_entry_pathname(entry), String(cString: name).hasPrefix(member) { break }
        }
        try decompress(member: outer, of: file, consume)
    }

    private static func decompress(
        member outer: OpaquePointer, of file: String, _ consume: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        guard let inner = archive_read_new() else { throw error(file, "no memory") }
        defer { archive_read_free(inner) }
        archive_read_support_filter_all(inner)
        archive_read_support_format_raw(inner)
        let status = archive_read_open(
            inner, UnsafeMutableRawPointer(outer), nil,
            { _, outer, buffer in
                var size = 0
                var offset: la_int64_t = 0
                let status = archive_read_data_block(OpaquePointer(outer), buffer, &size, &offset)
                return status == ARCHIVE_EOF ? 0 : status == ARCHIVE_OK ? size : -1
            }, nil)
        try check(status, inner, file)
        var entry: OpaquePointer?
        try check(archive_read_next_header(inner, &entry), inner, file)
        var buffer: UnsafeRawPointer?
        var size = 0
        var offset: la_int64_t = 0
        while true {
            let status = archive_read_data_block(inner, &buffer, &size, &offset)
            if status == ARCHIVE_EOF { return }
            try check(status, inner, file)
            try consume(UnsafeRawBufferPointer(start: buffer, count: size))
        }
    }

    private static func check(_ status: Int32, _ archive: OpaquePointer, _ file: String) throws {
        guard status < ARCHIVE_WARN else { return }
        throw error(file, archive_error_string(archive).map { String(cString: $0) } ?? "status \(status)")
    }

    private static func error(_ file: String, _ reason: String) -> BuildError {
        BuildError("reading Debian package '\(file)': \(PlainText.line(reason))")
    }
}
