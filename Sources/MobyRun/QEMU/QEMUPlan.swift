internal import Extents

/// Everything that starting a machine will do.
public struct QEMUPlan: Sendable, Equatable, CustomStringConvertible {
    public var executable: String
    public var arguments: [String] = []
    /// Disks to create if they do not exist.
    public var newDisks: [NewDisk] = []
    /// The user data, and the ISO to write it to.
    public var dataISO: DataISO?
    /// Programs that run next to the machine, each with the socket it opens.
    public var helpers: [Helper] = []
    /// Folder to create before anything is written into it.
    public var stateFolder: String?
    /// Files to copy if the target does not exist: UEFI variables.
    public var copies: [Copy] = []
    /// Where a machine in the background writes its console and process number.
    public var background: Background?
    /// The guest's address, kept in the state folder for the next start.
    public var macAddress: String?
    /// How other commands find the machine.
    var registration: MachineRegistration?

    public struct NewDisk: Sendable, Equatable {
        public var path: String
        public var format: DiskFormat
        /// Size in MiB.
        public var size: Int
    }

    public struct DataISO: Sendable, Equatable {
        public var path: String
        public var content: [UInt8]
    }

    public struct Helper: Sendable, Equatable {
        public var executable: String
        public var arguments: [String]
        public var socket: String
    }

    public struct Background: Sendable, Equatable {
        public var console: String
        /// File with the process number.
        public var process: String
    }

    public struct Copy: Sendable, Equatable {
        public var from: String
        public var to: String
    }

    /// The process of a machine in the background, once it was started.
    func processInBackground() throws -> Int32 {
        let path = background?.process ?? ""
        guard let id = Int32(try HostFiles.text(path).split(separator: "\n").first ?? "") else {
            throw RunError("'\(PlainText.short(path))' does not hold a process number")
        }
        return id
    }

    /// Shell commands, one to a line, QEMU's options indented.
    public var description: String {
        var lines: [String] = []
        if let stateFolder { lines.append("mkdir -p \(shell(stateFolder))") }
        lines += newDisks.map {
            "# create \($0.format.rawValue) disk \(shell($0.path)) of \($0.size) MiB unless it exists"
        }
        if let dataISO {
            lines.append("# write \(dataISO.content.count) bytes as 'config' to the ISO \(shell(dataISO.path))")
        }
        lines += copies.map { "cp --update=none \(shell($0.from)) \(shell($0.to))" }
        lines += helpers.map { ([$0.executable] + $0.arguments).map(shell).joined(separator: " ") + " &" }
        lines.append(shell(executable) + arguments.map { ($0.hasPrefix("-") ? " \\\n  " : " ") + shell($0) }.joined())
        return lines.joined(separator: "\n")
    }

    private func shell(_ word: String) -> String { Self.shell(word) }

    /// A word as a shell reads it.
    public static func shell(_ word: String) -> String {
        let plain = word.utf8.allSatisfy { byte in
            byte.isASCIIDigit || byte.isASCIIUppercase || byte.isASCIILowercase
                || "-_./=:,+@%".utf8.contains(byte)
        }
        return plain && !word.isEmpty
            ? word : "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
