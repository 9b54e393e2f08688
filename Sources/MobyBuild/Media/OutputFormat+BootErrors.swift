internal import MachineModel
internal import MobySpec
internal import OCI

extension OutputFormat {
    /// Finds the formats that a machine could not boot from.
    /// - Parameters:
    ///   - kernel: what the kernel file is; nil when that is unknown.
    ///   - location: of the kernel in the spec.
    static func bootErrors(
        _ formats: [OutputFormat], on platform: Platform, kernel: KernelFile?, at location: SourceLocation?
    ) -> [Diagnostic] {
        formats.compactMap { $0.bootError(on: platform, kernel: kernel) }.map {
            Diagnostic(at: location, $0.description, hint: $0.hint)
        }
    }

    private func bootError(on platform: Platform, kernel: KernelFile?) -> BuildError? {
        guard boots, let architecture = Architecture(named: platform.architecture) else { return nil }
        if [.bios, .both].contains(firmware), !architecture.hasBIOS {
            return Self.missing("BIOS", on: architecture, of: self)
        }
        if firmware == .uefi, architecture.uefi == nil { return Self.missing("UEFI", on: architecture, of: self) }
        guard let kernel else { return nil }
        if let other = kernel.architecture, other != architecture {
            return BuildError(
                "the kernel is \(kernel.kind.text) for \(other), but the build is for \(architecture)",
                hint: "build with --arch \(other), or name a kernel image for \(architecture)")
        }
        let boots =
            switch firmware {
            case .none: true
            case .bios: kernel.kind.bootsFromBIOS
            case .uefi: kernel.kind.bootsFromUEFI
            case .both: kernel.kind.bootsFromBIOS && kernel.kind.bootsFromUEFI
            }
        guard !boots else { return nil }
        return BuildError(
            "format '\(self)' cannot boot \(kernel.kind.text)",
            hint: kernel.kind == .elf
                ? "build without --decompress-kernel, or choose kernel+initrd" : "choose kernel+initrd")
    }

    /// The error for a machine without the firmware that a format boots from.
    static func missing(_ firmware: String, on architecture: Architecture, of format: OutputFormat? = nil) -> BuildError
    {
        let kind: Firmware = architecture.uefi == nil ? .none : .uefi
        let others = all.filter { $0.isAvailable && $0.boots && $0.firmware == kind }.map(\.name)
        let what = format.map { "format '\($0)' boots" } ?? "it boots"
        return BuildError(
            "\(what) from \(firmware), which \(architecture) machines do not have",
            hint: "formats for \(architecture): \(others.joined(separator: ", "))")
    }
}
