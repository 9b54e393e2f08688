/// What the names of each format's files begin with. Of formats of one build that have a file name in common the first
/// in the table keeps its names; the files of the others begin with the format's name behind the build's. The order in
/// which formats are asked for does not matter.
struct OutputNames {
    /// Of each format that does not keep its names, by its own: the format that has them.
    private let holders: [String: OutputFormat]

    init(_ formats: [OutputFormat]) {
        var holders: [String: OutputFormat] = [:]
        var taken: [String: OutputFormat] = [:]
        for row in OutputFormat.all {
            guard let format = formats.first(where: { $0.name == row.name }) else { continue }
            if let holder = format.suffixes.lazy.compactMap({ taken[$0] }).first {
                holders[format.name] = holder
            } else {
                for suffix in format.suffixes { taken[suffix] = format }
            }
        }
        self.holders = holders
    }

    /// - Returns: nil for a format that keeps its names.
    func basename(of format: OutputFormat, name: String) -> String? {
        holders[format.name] == nil ? nil : "\(name)-\(format)"
    }

    /// One line for each format that does not keep its names.
    func notes(_ formats: [OutputFormat], name: String) -> [String] {
        formats.compactMap { format in
            guard let holder = holders[format.name], let basename = basename(of: format, name: name) else { return nil }
            let common = format.suffixes.filter(holder.suffixes.contains).map { "'\(name)\($0)'" }
            let files = format.suffixes.map { "'\(basename)\($0)'" }
            return "the files of '\(format)' are \(files.joined(separator: ", ")): "
                + "\(common.joined(separator: ", ")) \(common.count == 1 ? "is" : "are") of '\(holder)'"
        }
    }
}
