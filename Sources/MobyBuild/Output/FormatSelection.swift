internal import Extents
internal import MobySpec

/// Which formats a build makes: `--format` wins, then the `outputs` of the spec, then kernel and initrd.
enum FormatSelection {
    /// - Throws: `BuildError` or `SpecError` for a name that is unknown or not supported; `OptionError` for a format
    ///   that cannot be streamed.
    static func formats(_ names: [String], _ spec: Spec, streaming: Bool) throws -> [OutputFormat] {
        if !names.isEmpty {
            return try checked(unique(try names.map(OutputFormat.available)), streaming: streaming)
        }
        if streaming { return [.tar] }
        guard !spec.outputs.isEmpty else { return [.kernelInitrd] }
        var problems: [Diagnostic] = []
        var formats: [OutputFormat] = []
        for output in spec.outputs {
            do throws(BuildError) {
                let format = try OutputFormat.available(output.format.value)
                formats.append(format.name == OutputFormat.kernelInitrd.name ? .kernelInitrd2017 : format)
            } catch { problems.append(Diagnostic(at: output.format.location, error.description, hint: error.hint)) }
        }
        guard problems.isEmpty else { throw SpecError(problems) }
        return unique(formats)
    }

    /// The formats of a build.
    /// - Throws: `OptionError` for options that do not fit them.
    static func formats(_ options: BuildOptions, _ spec: Spec) throws -> [OutputFormat] {
        let formats = try formats(options.formats, spec, streaming: options.output != nil)
        if options.size != nil, !formats.contains(where: { $0.medium == .disk }) {
            let disks = OutputFormat.all.filter { $0.isAvailable && $0.medium == .disk }.map(\.name).joined(
                separator: ", ")
            let asked = formats.map { "'\($0)'" }.joined(separator: ", ")
            throw OptionError("--size requires a disk format, not \(asked)", hint: "disk formats: \(disks)")
        }
        if options.signing != nil, !formats.contains(where: { [.uefi, .both].contains($0.firmware) }) {
            throw OptionError(
                "signing for Secure Boot needs a format for UEFI, as only EFI executables are signed",
                hint: "choose a format for UEFI, such as raw-efi")
        }
        return formats
    }

    private static func unique(_ formats: [OutputFormat]) -> [OutputFormat] {
        var seen = Set<String>()
        return formats.filter { seen.insert($0.name).inserted }
    }

    private static func checked(_ formats: [OutputFormat], streaming: Bool) throws -> [OutputFormat] {
        guard streaming else { return formats }
        let names = OutputFormat.all.filter { $0.isAvailable && $0.isStreamable }.map(\.name).joined(separator: ", ")
        if let other = formats.first(where: { !$0.isStreamable }) {
            throw OptionError(
                "format '\(other)' cannot be written with --output: it is not a single stream",
                hint: "write it into a folder with --dir; streams: \(names)")
        }
        guard formats.count == 1 else {
            let asked = formats.map { "'\($0)'" }.joined(separator: ", ")
            throw OptionError("--output takes one format, not \(asked)", hint: "streams: \(names)")
        }
        return formats
    }
}

extension OutputFormat {
    /// The format of a name, of today or of 2017, that this version can make.
    /// - Throws: with a guess of what was meant.
    public static func available(_ name: String) throws(BuildError) -> OutputFormat {
        guard !name.isEmpty else {
            throw BuildError("empty output format name", hint: "'moby formats' lists them")
        }
        let format = named(names2017[name] ?? name)
        if let format, format.isAvailable { return format }
        let names = all.filter(\.isAvailable).map(\.name)
        if let format {
            throw BuildError(
                "output format '\(name)' is not supported",
                hint: format.instead ?? "available: \(names.joined(separator: ", "))")
        }
        let guess = Spelling.closest(to: name, in: namesInSpecs).map { "did you mean '\($0)'? " } ?? ""
        throw BuildError(
            "unknown output format '\(PlainText.short(name))'",
            hint: guess + "formats: \(names.joined(separator: ", "))")
    }
}
