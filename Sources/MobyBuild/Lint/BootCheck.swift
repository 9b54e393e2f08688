internal import Archive
internal import Extents
internal import MobySpec
internal import OCI

/// Whether the image of the section `boot` has what formats that boot by themselves take from it.
struct BootCheck {
    let faults: [Diagnostic]

    /// - Parameter state: what the image has.
    init(_ image: Located<String>, in state: RootState) {
        let missing = BootLoaders.File.allCases.map(\.rawValue).filter { name in
            TreePath(name.utf8).flatMap { state.resolvingParents($0) }.flatMap { state[$0] } == nil
        }
        guard let first = missing.first else {
            faults = []
            return
        }
        let others = missing.count > 1 ? " and \(missing.count - 1) more" : ""
        faults = [
            Diagnostic(
                at: image.location,
                "boot loader image '\(PlainText.short(image.value))' has no file '\(first)'\(others)",
                hint: "formats that take them cannot be built; pkg/bootloaders has all")
        ]
    }
}
