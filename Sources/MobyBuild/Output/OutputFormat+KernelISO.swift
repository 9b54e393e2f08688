internal import BootLayout
internal import Extents

extension OutputFormat {
    /// As ``kernelErofs``, with a root that every tool for CD images reads.
    static let kernelISO = kernelRoot(
        "kernel+iso", "kernel, small initrd and an ISO 9660 root", .iso9660, suffix: ".iso"
    ) {
        root, request in
        var artifact = Artifact(name: request.file(".iso"), .extents(try root.disc(time: request.time)))
        artifact.warnings = try root.discWarnings()
        return (artifact, root.discWord)
    }
}
