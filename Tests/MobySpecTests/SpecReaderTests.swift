import BootLayout
import Testing

@testable import MobySpec

@Suite struct LabelTests {
    @Test func labelIsReadWithTheSameTable() throws {
        let options = try SpecReader.label(
            #"{"binds":["/dev:/dev"],"capabilities":["CAP_SYS_ADMIN"],"runtime":{"mkdir":["/a"]},"pid":"host","restart":"no","uid":100}"#,
            of: "linuxkit/x:1")
        #expect(options.binds?.map(\.text) == ["/dev:/dev"])
        #expect(options.capabilities == ["CAP_SYS_ADMIN"])
        #expect(options.runtime?.mkdir == ["/a"])
        #expect(options.pid == .host)
        #expect(options.restart == .no)
        #expect(options.uid == .number(100))
        #expect(options.command == nil)
        #expect(options.locations["binds"]?.description == "label org.mobyproject.config of linuxkit/x:1:1:2")
    }

    @Test(arguments: [
        (#"{"name":"a"}"#, "unknown key 'name' in the label"),
        (#"{"image":"a"}"#, "unknown key 'image' in the label"),
        (#"[]"#, "the label is a list, expected a mapping of keys and values"),
        (#"{"capabilities":["CAP_X"]}"#, "'capabilities[0]' of the label is 'CAP_X', expected a Linux capability"),
        (
            #"{"net":"host""#,
            "not YAML: did not find expected ',' or '}' while parsing a flow mapping, which begins on line 1"
        ),
    ]) func wrongLabelsAreTold(_ text: String, _ message: String) {
        let error = #expect(throws: SpecError.self) { try SpecReader.label(text, of: "a") }
        #expect(error?.diagnostics.map(\.message) == [message])
    }

    @Test func yamlAndEmptyLabelsAreRead() throws {
        #expect(try SpecReader.label("net: host", of: "a").net == .host)
        #expect(try SpecReader.label("", of: "a").net == nil)
    }
}

/// `trust:` of every era is taken; what it asks for is said once.
@Suite struct TrustTests {
    private func read(_ texts: [String], ignoringTrust: Bool = false) throws -> (spec: Spec, warnings: [Diagnostic]) {
        let sources = texts.enumerated().map { SpecReader.Source(name: "\($0).yml", text: $1, folder: "/") }
        return try SpecReader.read(sources, ignoringTrust: ignoringTrust) { $0.text }
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
