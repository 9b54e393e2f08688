internal import CArchive
internal import Extents
internal import Glibc

/// Reads an uncompressed tar archive of any dialect through libarchive. Contents are not read: they become ranges of
/// the archive.
final class TarReader {
    private let archive: ExtentList
    private let input: TarInput
    private let handle: OpaquePointer?
    private let locale = newlocale(1 << LC_CTYPE, "C", nil)
    /// Where the next header must start when the ranges of the entry before are right, and that entry.
    private var expected: (position: UInt64, name: [UInt8])?

    init(_ archive: ExtentList) {
        self.archive = archive
        // The last entry's padding and the end of the archive may be missing; its contents may not, see `take`.
        var whole = archive
        whole.pad(toMultipleOf: 512)
        input = TarInput(whole)
        handle = archive_read_new()
        archive_read_support_format_tar(handle)
        archive_read_support_format_empty(handle)
    }

    deinit {
        archive_read_free(handle)
        freelocale(locale)
    }

    /// Hands on every entry in order.
    /// - Throws: `LayerError`, `FileError`, `ExtentError`, or what `body` throws.
    func forEach(_ body: (TarEntry) throws -> Void) throws {
        // In the C locale libarchive leaves names as they are; in a UTF-8 locale it would recompose accents.
        let before = uselocale(locale)
        defer { uselocale(before) }
        let opened = archive_read_open2(
            handle, Unmanaged.passUnretained(input).toOpaque(), nil, TarInput.read, TarInput.skip, nil)
        guard opened == ARCHIVE_OK else { throw error(nil) }
        var entry: OpaquePointer?
        while true {
            let status = archive_read_next_header(handle, &entry)
            if status == ARCHIVE_EOF { return try checkEnd() }
            let name = entry.flatMap { archive_entry_pathname($0) }.map(Self.bytes)
            guard status == ARCHIVE_OK || status == ARCHIVE_WARN && isAboutLocale, let entry else { throw error(name) }
            try checkPosition()
            guard let name else { throw error(nil) }
            try body(try read(entry, name))
        }
    }

    private func read(_ entry: OpaquePointer, _ name: [UInt8]) throws -> TarEntry {
        let head = try head(name)
        if let whole = head?.nameWithNUL {
            throw LayerError(
                entry: whole, reason: "a name with a NUL byte",
                hint: "the archive is damaged, or crafted to show different names to different readers")
        }
        return TarEntry(
            name: name, content: try content(entry, name, head), mode: UInt16(archive_entry_perm(entry) & 0o7777),
            uid: try identifier(archive_entry_uid(entry), "owner", name),
            gid: try identifier(archive_entry_gid(entry), "group", name),
            modified: Int64(archive_entry_mtime(entry)), attributes: attributes(entry))
    }

    /// The headers of the entry that was read last; nil when that is one block that libarchive reads as
    /// all do.
    private func head(_ name: [UInt8]) throws -> TarHead? {
        let range = UInt64(archive_read_header_position(handle))..<UInt64(archive_filter_bytes(handle, 0))
        guard range.count <= Self.largestHead else {
            throw LayerError(entry: name, reason: "headers of \(range.count) bytes")
        }
        return try input.with(range) { bytes in
            bytes.count == 512 && bytes[156] != UInt8(ascii: "S") ? nil : TarHead(bytes)
        }
    }

    /// Of headers and maps before one entry, in bytes.
    private static let largestHead = 16 << 20

    private func content(_ entry: OpaquePointer, _ name: [UInt8], _ head: TarHead?) throws -> TarEntry.Content {
        if let target = archive_entry_hardlink(entry) { return .hardLink(Self.bytes(target)) }
        let major = UInt32(truncatingIfNeeded: archive_entry_rdevmajor(entry))
        let minor = UInt32(truncatingIfNeeded: archive_entry_rdevminor(entry))
        switch archive_entry_filetype(entry) {
        case mode_t(Glibc.S_IFDIR): return .node(.directory)
        case mode_t(Glibc.S_IFREG): return .node(.regular(try contents(entry, name, head)))
        case mode_t(Glibc.S_IFLNK): return .node(.symlink(archive_entry_symlink(entry).map(Self.bytes) ?? []))
        case mode_t(Glibc.S_IFCHR): return .node(.characterDevice(major: major, minor: minor))
        case mode_t(Glibc.S_IFBLK): return .node(.blockDevice(major: major, minor: minor))
        case mode_t(Glibc.S_IFIFO): return .node(.fifo)
        default: throw LayerError(entry: name, reason: "not a file, directory, link, device or FIFO")
        }
    }

    /// After the header, libarchive is at the first byte of the contents. Those of a sparse file are its
    /// pieces, one after another.
    private func contents(_ entry: OpaquePointer, _ name: [UInt8], _ head: TarHead?) throws -> ExtentList {
        let size = archive_entry_size(entry)
        guard size >= 0 else { throw LayerError(entry: name, reason: "size is \(size) bytes") }
        var position = UInt64(archive_filter_bytes(handle, 0))
        var contents = ExtentList()
        if archive_entry_sparse_reset(entry) > 0 || head?.isSparse ?? false {
            let start = position
            var (offset, length): (la_int64_t, la_int64_t) = (0, 0)
            while archive_entry_sparse_next(entry, &offset, &length) == ARCHIVE_OK {
                guard offset >= 0, length >= 0, UInt64(offset) >= contents.length else {
                    throw LayerError(entry: name, reason: "the sparse map is not sorted")
                }
                contents.pad(to: UInt64(offset))
                contents.append(try take(UInt64(length), from: &position, name))
            }
            guard contents.length <= UInt64(size) else {
                throw LayerError(entry: name, reason: "the sparse map exceeds the file's size")
            }
            // libarchive leaves out pieces that overlap or are beyond the end.
            if let stored = head?.stored, stored != position - start {
                throw LayerError(
                    entry: name,
                    reason: "the sparse map covers \(position - start) of the file's \(stored) bytes",
                    hint: "the archive is damaged: pieces overlap or are beyond the end of the file")
            }
            contents.pad(to: UInt64(size))
        } else {
            contents = try take(UInt64(size), from: &position, name)
        }
        expected = ((position + 511) & ~511, name)
        return contents
    }

    private func take(_ length: UInt64, from position: inout UInt64, _ name: [UInt8]) throws -> ExtentList {
        guard position <= archive.length, length <= archive.length - position else {
            throw LayerError(
                entry: name,
                reason: "the archive ends after \(archive.length) bytes, within the contents of \(length) bytes",
                hint: "the archive is truncated")
        }
        defer { position += length }
        return archive[position..<position + length]
    }

    private func checkPosition() throws {
        guard let expected else { return }
        let position = UInt64(archive_read_header_position(handle))
        guard position == expected.position else {
            throw LayerError(
                entry: expected.name,
                reason: "the contents end at byte \(position); its header says \(expected.position)")
        }
        self.expected = nil
    }

    private func checkEnd() throws {
        if let failure = input.failure { throw failure }
    }

    private func attributes(_ entry: OpaquePointer) -> [FileTree.Attribute] {
        guard archive_entry_xattr_reset(entry) > 0 else { return [] }
        var found: [FileTree.Attribute] = []
        var (name, value, size): (UnsafePointer<CChar>?, UnsafeRawPointer?, Int) = (nil, nil, 0)
        while archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK {
            guard let name else { continue }
            found.append(
                .init(name: String(cString: name), value: Array(UnsafeRawBufferPointer(start: value, count: size))))
        }
        return found.sorted { $0.name < $1.name }
    }

    private func identifier(_ value: la_int64_t, _ what: String, _ name: [UInt8]) throws -> UInt32 {
        guard let number = UInt32(exactly: value) else {
            throw LayerError(entry: name, reason: "\(what) is \(value), expected a 32-bit number")
        }
        return number
    }

    /// libarchive warns when a name is not ASCII and then gives its bytes as they are, as required.
    private var isAboutLocale: Bool {
        guard let text = archive_error_string(handle) else { return false }
        return String(cString: text).hasSuffix("can't be converted from UTF-8 to current locale.")
    }

    private func error(_ name: [UInt8]?) -> any Error {
        if let failure = input.failure { return failure }
        let reason = archive_error_string(handle).map { String(cString: $0) } ?? "not a tar archive"
        return LayerError(entry: name, reason: PlainText.line(reason.prefix(1).lowercased() + reason.dropFirst()))
    }

    private static func bytes(_ text: UnsafePointer<CChar>) -> [UInt8] {
        Array(UnsafeRawBufferPointer(start: text, count: strlen(text)))
    }
}
