internal import Archive
internal import ArgumentParser
internal import Extents
internal import MobyBuild
internal import MobyRun

/// What `moby build` writes, and where.
struct BuildOutputOptions: ParsableArguments {
    @Option(
        name: .shortAndLong, parsing: .singleValue,
        help: "Output formats; also by their 2017 names; repeatable or comma-separated.",
        completion: Completions.formats)
    var format: [String] = []
    @Option(help: "Prefix of the output files' names (default: the last spec file's name).") var name: String?
    @Option(help: "Folder of the output files.", completion: .directory) var dir: String?
    @Option(
        name: [.customShort("o"), .customLong("output"), .customLong("o")],
        help: ArgumentHelp("Write a streamable format to a file, or '-'.", valueName: "file"), completion: .file())
    var output: String?
    @Option(help: ArgumentHelp("Minimum size of a disk in MiB, or with K, M, G or T.", valueName: "size"))
    var size: String?
    @Flag(help: "Treat warnings as errors: write nothing and exit with 2.") var strict = false
    @Flag(help: "Print the merged spec with full image names, and stop.") var dryRun = false
    @Flag(help: "Print the result as JSON.") var json = false
    @Flag(help: "Do not upload what the spec's outputs ask for.") var noUpload = false
    @Flag(help: "Build twice, the second time in other circumstances, and fail when the bytes differ.") var check =
        false
    @Flag(help: "Trust the store: do not verify checksums of layers and segments.") var noVerify = false

    mutating func validate() throws {
        if json, output == "-" || dryRun {
            throw ValidationError("--json and \(dryRun ? "--dry-run" : "--output -") cannot be combined")
        }
        if check, output != nil || dryRun {
            throw ValidationError("--check and \(dryRun ? "--dry-run" : "--output") cannot be combined")
        }
        if name?.isEmpty == true { throw ValidationError("--name is empty") }
        if let name, name.contains("/") {
            throw ValidationError("--name '\(PlainText.short(name))' contains a '/'; use --dir to name the folder")
        }
        if let name, name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
            throw ValidationError("--name '\(PlainText.short(name))' contains a control character")
        }
        if output == "-", !dryRun {
            try usage { try Terminal.checkBinaryOutput(hint: "redirect it, or name a file with --output") }
        }
        for name in formats {
            guard !name.isEmpty else {
                let given = format.joined(separator: "', '")
                throw ValidationError(
                    "--format has an empty name in '\(PlainText.short(given))'; 'moby formats' lists them")
            }
            do { _ = try OutputFormat.available(name) } catch { throw ValidationError("\(error); \(error.hint ?? "")") }
        }
        _ = try usage { try bytes() }
    }

    /// Names of formats, those between commas apart.
    var formats: [String] {
        format.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    }

    /// The least size of a disk.
    func bytes() throws -> UInt64? {
        try size.map { UInt64(try MemorySize.mebibytes($0, unit: .mebibytes, option: "--size")) << 20 }
    }
}

/// How the outputs of `moby build` boot.
struct BuildBootOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Image with the boot loaders, @pkg:dir or @moby:name (default: the spec's boot.image, else @moby:bootloaders).",
            valueName: "image"), completion: Completions.images)
    var bootloader: String?
    @Option(
        help: ArgumentHelp(
            "Compression of the initrd: zstd[:level], gzip, none (default: what the kernel reads best).",
            valueName: "how"),
        completion: .list(["zstd", "gzip", "none"]))
    var compress: String?
    @OptionGroup var secureBoot: SecureBootOptions
    @Flag(help: "Decompress the kernel, for boot loaders that cannot.") var decompressKernel = false
}

/// The key for Secure Boot.
struct SecureBootOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Sign EFI executables for Secure Boot with this RSA key: a PEM file or a pkcs11: URI.", valueName: "key"),
        completion: .file())
    var signKey: String?
    @Option(
        help: ArgumentHelp(
            "The same with a program: a digest on its standard input, the signature on its output.",
            valueName: "command"))
    var signCommand: String?
    @Option(
        help: ArgumentHelp("Certificate of the key, in PEM.", valueName: "file"), completion: .file()
    )
    var signCert: String?

    /// nil without these options.
    var key: SecureBootKey? {
        guard let signCert else { return nil }
        if let signKey { return SecureBootKey(.named(signKey), certificate: signCert) }
        return signCommand.map { SecureBootKey(.command($0), certificate: signCert) }
    }

    mutating func validate() throws {
        if signKey != nil, signCommand != nil {
            throw ValidationError("--sign-key and --sign-command cannot be combined")
        }
        if ((signKey ?? signCommand) == nil) != (signCert == nil) {
            let option = signCommand == nil ? "--sign-key" : "--sign-command"
            throw ValidationError("\(option) and --sign-cert require each other")
        }
    }
}

/// `--compress`: `none`, `gzip`, `zstd`, `zstd:LEVEL`.
enum CompressionOption {
    static func parse(_ text: String) throws -> Compression {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        switch (parts[0], parts.count) {
        case ("none", 1): return .none
        case ("gzip", 1): return .gzip
        case ("zstd", 1): return .zstd(level: 3)
        case ("zstd", 2):
            if let level = Int32(parts[1]), (1...19).contains(level) { return .zstd(level: level) }
        default: break
        }
        throw ValidationError(
            "--compress is '\(PlainText.short(text))', expected none, gzip, zstd or zstd:1 to zstd:19")
    }
}
