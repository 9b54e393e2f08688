internal import ArgumentParser
internal import MobySpec
internal import OCI

/// The value of `--arch`, the same in every command: Go's name of a CPU architecture, or another usual one for it
/// (`x86_64`, `aarch64`).
enum ArchitectureOption {
    static let help: ArgumentHelp = "CPU architecture: amd64 (x86_64), arm64 (aarch64) (default: that of this machine)."

    static func platform(_ text: String) throws -> Platform { Platform(architecture: try name(text)) }

    /// - Throws: `ValidationError`, exit code 64, for an unknown one.
    static func name(_ text: String) throws -> String {
        if let name = Platform.architecture(named: text) { return name }
        let names = Platform.architectureNames
        let guess = Spelling.closest(to: text, in: names + ["x86_64", "aarch64"]).map { "did you mean '\($0)'?" }
        throw ValidationError("unknown architecture; \(guess ?? "expected one of \(names.joined(separator: ", "))")")
    }
}
