internal import Extents
internal import FoundationEssentials
internal import MobyBuild

/// The files that one format of a build has, by role.
struct BuildFiles {
    let format: OutputFormat
    private let paths: [OutputFormat.Role: String]

    subscript(role: OutputFormat.Role) -> String? { paths[role] }

    func has(_ role: OutputFormat.Role) throws -> Bool { try paths[role].map { try HostFiles.exists($0) } ?? false }

    /// The files that the build's record lists next to it; none without a record. A name with a folder in it is not one
    /// that a build wrote, and could be any file of the host.
    static func recorded(_ prefix: String) throws -> [BuildFiles] {
        let slash = prefix.lastIndex(of: "/")
        let (folder, name) = (slash.map { prefix[...$0] } ?? "", slash.map { prefix[$0...].dropFirst() } ?? prefix[...])
        let files =
            try BuildRecord.read(prefix: prefix)?.files.filter { $0.name.hasPrefix(name) && !$0.name.contains("/") }
            ?? []
        return OutputFormat.all.compactMap { format in
            let own = files.filter { $0.format == format.name }.compactMap { file -> (OutputFormat.Role, String)? in
                let known =
                    format.files.first { file.name.hasSuffix($0.suffix) } ?? OutputFormat.file(named: file.name)?.file
                return (file.role ?? known?.role).map { ($0, String(folder) + file.name) }
            }
            return own.isEmpty ? nil : BuildFiles(format: format, paths: Dictionary(own) { first, _ in first })
        }
    }

    /// The names that every format's files can have.
    static func possible(_ prefix: String) -> [BuildFiles] {
        ["", nil].flatMap { stem in
            OutputFormat.recognized.map { format in
                let start = stem.map { prefix + $0 } ?? "\(prefix)-\(format)"
                let paths = format.files.map { ($0.role, start + $0.suffix) }
                return BuildFiles(format: format, paths: Dictionary(paths) { first, _ in first })
            }
        }
    }

    /// The kernel command line, on one line.
    func commandLine() throws -> String {
        guard let path = paths[.cmdline], try HostFiles.exists(path) else { return BootSource.defaultCommandLine }
        return try HostFiles.text(path).split(separator: "\n").joined(separator: " ")
    }
}
