internal import Archive
internal import ArgumentParser
internal import Extents
internal import FoundationEssentials
internal import MobyBuild

/// Which software bills of materials a build writes. Three of the options are LinuxKit's.
struct SBOMCommandOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "SBOMs next to the outputs: spdx (default), cyclonedx, both with a comma, or none.", valueName: "forms"),
        completion: .list(["spdx", "cyclonedx", "spdx,cyclonedx", "none"]))
    var sbom: String?
    @Flag(help: "Write no SBOM, neither into the root nor next to the outputs.") var noSbom = false
    @Option(
        help: ArgumentHelp("Path of the SBOM in the root (default: /\(SBOMOptions.usualPath)).", valueName: "path"))
    var sbomOutput: String?
    @Flag(help: "Date SBOMs by the clock: no two builds are the same then.") var sbomCurrentTime = false
    @Flag(help: "Also write NAME.provenance.json (in-toto, SLSA), and digests of all outputs to NAME-build.json.")
    var provenance = false

    mutating func validate() throws {
        if noSbom, sbom != nil || sbomOutput != nil {
            throw ValidationError("--no-sbom and \(sbom != nil ? "--sbom" : "--sbom-output") cannot be combined")
        }
        if let sbomOutput, TreePath(sbomOutput.utf8)?.isRoot ?? true {
            throw ValidationError("--sbom-output '\(PlainText.short(sbomOutput))' is not a path of a file in the root")
        }
        _ = try options()
    }

    func options() throws -> SBOMOptions {
        guard !noSbom else { return .none }
        var options = SBOMOptions()
        options.forms = try forms()
        if let sbomOutput { options.path = TreePath(sbomOutput.utf8).map { "\($0)" } }
        if sbomCurrentTime { options.time = UInt64(max(0, Date.now.timeIntervalSince1970)) }
        return options
    }

    private func forms() throws -> [SBOMOptions.Form] {
        guard let sbom else { return [.spdx] }
        if sbom == "none" { return [] }
        let names = sbom.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let forms = try names.map { name in
            guard let form = SBOMOptions.Form(rawValue: name) else {
                throw ValidationError(
                    "--sbom has '\(PlainText.short(name))', expected spdx, cyclonedx, both with a comma, or none")
            }
            return form
        }
        return SBOMOptions.Form.allCases.filter(forms.contains)
    }
}
