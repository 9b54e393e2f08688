internal import Archive
internal import Extents
internal import MachineModel
internal import MobySpec
internal import OCI

/// Whether a spec has the sections that its formats need, before any image is looked at.
struct SectionCheck {
    private(set) var found: [Diagnostic] = []

    /// - Parameter formatsAreOpen: no formats have been chosen yet, as for `lint` of a spec without `outputs`: what
    ///   only some of them need is then a warning.
    init(_ spec: Spec, _ formats: [OutputFormat], formatsAreOpen: Bool) {
        guard spec.firstLocation != nil else {
            found = [
                Diagnostic(
                    at: nil, "the spec is empty",
                    hint: "add sections such as 'kernel', 'init', 'services' and 'files'")
            ]
            return
        }
        guard let format = formats.first(where: \.boots) else { return }
        let others = OutputFormat.all.filter { $0.isAvailable && !$0.boots }.map(\.name).joined(separator: ", ")
        let location = spec.firstLocation.map { SourceLocation(file: $0.file, line: 1, column: 1) }
        func missing(_ section: String, _ severity: Diagnostic.Severity, _ hint: String) {
            found.append(
                Diagnostic(severity, at: location, "format '\(format)' cannot boot without '\(section)'", hint: hint))
        }
        let hasKernel = spec.kernel.image != nil
        if !hasKernel {
            missing(
                "kernel", formatsAreOpen ? .warning : .error,
                "add kernel: {image: …}; formats that do not need one: \(others)")
        }
        if spec.`init`.isEmpty {
            // A spec with a kernel is meant to boot, whatever the format.
            missing(
                "init", formatsAreOpen && !hasKernel ? .warning : .error, "add the images of init and runc under init:")
        }
    }
}

extension OutputFormat {
    /// Whether a machine boots from it.
    var boots: Bool { needsInitrd || hasRootOnDisk }
}

extension Spec {
    /// A location in the first of its files that has a section.
    var firstLocation: SourceLocation? {
        kernel.image?.location ?? `init`.first?.location ?? containers.first?.location ?? volumes
            .first?.location
            ?? files.first?.location ?? outputs.first?.format.location ?? boot.image?.location
    }
}

/// Whether the image of the section `boot` has what formats that boot by themselves take from it.
struct BootCheck {
    let problems: [Diagnostic]

    /// - Parameter state: what the image has.
    init(_ image: Located<String>, for platform: Platform, in state: RootState) {
        let architecture = Architecture(named: platform.architecture) ?? .host
        let missing = BootLoaders.File.allCases.compactMap { $0.path(for: architecture) }.filter { name in
            TreePath(name.utf8).flatMap { state.resolvingParents($0) }.flatMap { state[$0] } == nil
        }
        guard let first = missing.first else {
            problems = []
            return
        }
        let others = missing.count > 1 ? " and \(missing.count - 1) more" : ""
        problems = [
            Diagnostic(
                at: image.location,
                "boot loader image '\(PlainText.short(image.value))' has no file '\(first)'\(others)",
                hint: "formats that need them cannot be built; pkg/bootloaders has them all")
        ]
    }
}
