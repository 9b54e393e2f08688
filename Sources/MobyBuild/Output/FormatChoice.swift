internal import MobySpec

/// Which formats a build makes: `--format` wins, then the `outputs` of the spec, then kernel and initrd.
enum FormatChoice {
    /// - Throws: `BuildError` or `SpecError` for a name that is unknown or not available yet.
    static func formats(_ names: [String], _ spec: Spec, streaming: Bool) throws -> [OutputFormat] {
        if !names.isEmpty {
            let formats = unique(try names.map(OutputFormat.available))
            if let (first, second, suffix) = sharedFile(formats) { throw BuildError(sharedText(first, second, suffix), hint: sharedHint) }
            return try checked(formats, streaming: streaming)
        }
        if streaming { return [.tar] }
        guard !spec.outputs.isEmpty else { return [.kernelInitrd] }
        var faults: [Diagnostic] = []
        var formats: [OutputFormat] = []
        for output in spec.outputs {
            let name = OutputFormat.names2017[output.format.value] ?? output.format.value
            do throws(BuildError) {
                let format = try OutputFormat.available(name)
                formats.append(format.name == OutputFormat.kernelInitrd.name ? .kernelInitrd2017 : format)
            } catch { faults.append(Diagnostic(at: output.format.location, error.description, hint: error.hint)) }
        }
        guard faults.isEmpty else { throw SpecError(faults) }
        let wanted = unique(formats)
        if let (first, second, suffix) = sharedFile(wanted) {
            throw SpecError([Diagnostic(at: spec.outputs.last?.format.location, sharedText(first, second, suffix), hint: sharedHint)])
        }
        return wanted
    }

    /// Two formats of one build whose files of one name differ.
    private static func sharedFile(_ formats: [OutputFormat]) -> (OutputFormat, OutputFormat, suffix: String)? {
        for (index, format) in formats.enumerated() {
            for other in formats[..<index] {
                guard let suffix = format.suffixes.first(where: { $0 != "-kernel" && other.suffixes.contains($0) }) else { continue }
                return (other, format, suffix)
            }
        }
        return nil
    }

    private static func sharedText(_ first: OutputFormat, _ second: OutputFormat, _ suffix: String) -> String {
        "the formats '\(first)' and '\(second)' both write a file '…\(suffix)'"
    }

    private static let sharedHint = "build them one after the other, with another --name or --dir"

    private static func unique(_ formats: [OutputFormat]) -> [OutputFormat] {
        var seen = Set<String>()
        return formats.filter { seen.insert($0.name).inserted }
    }

    private static func checked(_ formats: [OutputFormat], streaming: Bool) throws -> [OutputFormat] {
        guard streaming else { return formats }
        guard formats.count == 1, let format = formats.first, format.isStreamable else {
            let names = OutputFormat.all.filter { $0.isAvailable && $0.isStreamable }.map(\.name).joined(separator: ", ")
            throw BuildError("one output file takes one format that is one stream", hint: "such formats: \(names)")
        }
        return formats
    }
}

extension OutputFormat {
    /// The format of a name that this version can make.
    /// - Throws: with a guess of what was meant.
    public static func available(_ name: String) throws(BuildError) -> OutputFormat {
        let format = named(name)
        if let format, format.isAvailable { return format }
        let names = all.filter(\.isAvailable).map(\.name)
        if let format {
            throw BuildError("output format '\(name)' is not made", hint: format.instead ?? "available: \(names.joined(separator: ", "))")
        }
        let guess = Spelling.closest(to: name, in: names).map { "did you mean '\($0)'? " } ?? ""
        throw BuildError("unknown output format '\(name)'", hint: guess + "formats: \(names.joined(separator: ", "))")
    }
}
