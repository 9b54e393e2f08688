internal import Extents
internal import MobySpec
internal import OCI

/// The user's file of registries.
enum RegistryConfiguration {
    /// The file in use: `--registries`, else `$MOBY_REGISTRIES`, else the first that exists of the user's and the
    /// machine's; nil when there is none.
    /// - Throws: `FileError`.
    static func path(_ option: String?, environment: [String: String]) throws -> String? {
        if let option { return option }
        if let named = environment["MOBY_REGISTRIES"], !named.isEmpty { return named }
        // XDG base directory specification: a relative path is to be ignored.
        let base =
            environment["XDG_CONFIG_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
            ?? environment["HOME"].flatMap { $0.isEmpty ? nil : "\($0)/.config" }
        let usual = (base.map { ["\($0)/moby/registries.yml"] } ?? []) + ["/etc/moby/registries.yml"]
        return try usual.first { try HostFiles.exists($0) }
    }

    /// - Throws: `SpecError` with every error of the file; `FileError`, `UnfitFile`.
    static func rules(_ option: String?, environment: [String: String]) throws -> RegistryRules {
        guard let path = try path(option, environment: environment) else { return RegistryRules() }
        return try RegistryFile(parsing: try HostFiles.text(path), file: path).rules()
    }
}
