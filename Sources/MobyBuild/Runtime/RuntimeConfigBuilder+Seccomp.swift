internal import Extents
internal import JSON
internal import MobySpec
internal import OCI

extension RuntimeConfigBuilder {
    /// `linux.seccomp`: the profile asked for, else Docker's; none for a container with all capabilities, which is made
    /// to do anything.
    /// - Parameter capabilities: the bounding set.
    mutating func seccomp(_ capabilities: Set<String>) -> JSONWithOrigins? {
        let choice =
            merge.choose("seccomp") { $0.seccomp }
            ?? WithOrigin(
                value: capabilities.isSuperset(of: CapabilityName.all) ? .unconfined : .standard, origin: .standard)
        guard let text = profile(choice) else { return nil }
        do {
            let profile = try SeccompProfile(parsing: text)
            let architecture = input.image.platform.architecture
            return .value(
                profile.resolved(architecture: architecture, capabilities: capabilities), choice.origin)
        } catch {
            refuse(choice, "\(error)", hint: "profiles are JSON, as Docker and the OCI runtime specification have them")
            return nil
        }
    }

    /// The text of a profile; nil for none, and after an error.
    private mutating func profile(_ choice: WithOrigin<Seccomp>) -> [UInt8]? {
        switch choice.value {
        case .unconfined: return nil
        case .standard: return Array(SeccompProfile.docker.utf8)
        case .file where choice.origin == .label:
            refuse(
                choice, "a label cannot name a file of the machine that builds", hint: "use 'default' or 'unconfined'")
            return nil
        case .file(let path):
            do throws(HostFile.Problem) { return try HostFile.bytes(path) } catch {
                let isRelative = error.canBeLeftOut && !path.hasPrefix("/")
                let folder = "a relative path begins at the folder that the build runs in"
                refuse(choice, error.reason, hint: isRelative ? folder : error.canBeLeftOut ? nil : error.hint)
                return nil
            }
        }
    }

    private mutating func refuse(_ choice: WithOrigin<Seccomp>, _ reason: String, hint: String?) {
        var name = ""
        if case .file(let path) = choice.value { name = " '\(PlainText.short(path))'" }
        diagnostics.append(
            Diagnostic(
                at: location(of: choice.origin),
                "seccomp profile\(name) of \(subject(choice.origin)) cannot be used: \(PlainText.short(reason))",
                hint: hint))
    }
}
