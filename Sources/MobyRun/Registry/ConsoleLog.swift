internal import Extents
internal import Glibc

/// The console of a machine in the background, from its file.
public struct ConsoleLog {
    private let machine: MachineEntry
    private let path: String

    /// - Throws: ``RunError`` for a machine whose console is on a terminal.
    public init(_ machine: MachineEntry) throws {
        guard let path = machine.console else {
            throw RunError(
                "the console of '\(PlainText.short(machine.name))' is on the terminal of its 'moby run'",
                hint: "for a log, name a service, or start the machine with --detached")
        }
        (self.machine, self.path) = (machine, path)
    }

    /// Hands on the lines, without terminal control sequences; following, also those to come until the machine ends.
    /// - Parameter lines: only the last ones.
    public func read(lines: Int?, isFollowing: Bool, take: (String) -> Void) throws {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw FileError("open", path) }
        defer { close(file) }
        var splitter = LineSplitter()
        var last: [String]? = lines == nil ? nil : []
        var isEnded = false
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileError("read", path) }
            splitter.take(buffer[..<count]) { bytes in
                let line = LineSplitter.plain(bytes)
                if last == nil { return take(line) }
                last?.append(line)
                if let lines, let count = last?.count, count > lines { last?.removeFirst() }
            }
            guard count == 0 else { continue }
            last?.forEach(take)
            last = nil
            if !isFollowing || isEnded { break }
            // The file is read once more after the machine's end.
            isEnded = !machine.isAlive
            if !isEnded { usleep(100_000) }
        }
        if !splitter.open.isEmpty, lines != 0 { take(LineSplitter.plain(splitter.open)) }
    }

    /// The last lines of a console's file, as far as they are in its last 64 KiB.
    static func lastLines(of path: String, _ count: Int) throws -> [String] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw FileError("open", path) }
        defer { close(file) }
        let size = lseek(file, 0, SEEK_END)
        guard size >= 0, lseek(file, max(0, size - 65536), SEEK_SET) >= 0 else { throw FileError("read", path) }
        let bytes = try HostFiles.read(descriptor: file, name: path, limit: 1 << 20)
        var splitter = LineSplitter()
        var lines: [String] = []
        splitter.take(bytes[...]) { lines.append(LineSplitter.plain($0)) }
        return lines.suffix(count)
    }
}
