import Testing

@testable import MobySpec

/// `trust:` of every era is taken; what it asks for is said once.
@Suite struct TrustTests {
    private func read(_ texts: [String], ignoringTrust: Bool = false) throws -> (spec: Spec, warnings: [Diagnostic]) {
        let sources = texts.enumerated().map { SpecReader.Source(name: "\($0).yml", text: $1, folder: "/") }
        return try SpecReader.read(sources, ignoringTrust: ignoringTrust) { $0 }
    }

    @Test func filesOfABuildGetOneWarning() throws {
        let (spec, warnings) = try read([
            "trust:\n  image:\n    - linuxkit/kernel\n", "init: [a]",
            "trust: {org: [linuxkit, library], image: [a, b, c]}",
        ])
        #expect(
            warnings.map(\.message) == [
                "signatures are not verified, although 'trust' asks for it: image 'linuxkit/kernel', image 'a', image 'b', image 'c' and 2 more"
            ])
        #expect(warnings.first?.location?.description == "0.yml:2:3")
        #expect(warnings.first?.hint?.contains("image@sha256:…") == true)
        #expect(spec.trust?.organizations == ["linuxkit", "library"])
        #expect(try read([spec.yaml]).spec.yaml == spec.yaml)
    }

    @Test func optionSilencesIt() throws {
        let (spec, warnings) = try read(["trust: {org: [linuxkit], orgs: 1}"], ignoringTrust: true)
        #expect(warnings.isEmpty)
        #expect(spec.trust == nil)
    }

    @Test(arguments: ["trust: {}", "trust: {image: [], org: []}"]) func sectionThatAsksForNothingIsSilent(
        _ text: String
    ) throws {
        #expect(try read([text]).warnings.isEmpty)
    }

    /// LinuxKit takes any of these without effect.
    @Test(arguments: [
        "trust:", "trust: true", "trust: [linuxkit]", "trust: {image: linuxkit/kernel}", "trust: {orgs: [a]}",
        "trust: {org: [1]}",
    ])
    func oddFormsAreWarnings(_ text: String) throws {
        let warnings = try read([text]).warnings
        #expect(warnings.map(\.severity) == [.warning])
    }
}
