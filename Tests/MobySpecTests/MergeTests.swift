import Testing

@testable import MobySpec

@Suite struct MergeTests {
    private func read(_ texts: String...) throws -> Spec {
        let sources = texts.enumerated().map { SpecReader.Source(name: "\($0).yml", text: $1, folder: nil) }
        return try SpecReader.read(sources) { $0.text }.spec
    }

    @Test func laterKernelKeysWinAndListsAreConcatenated() throws {
        let spec = try read(
            "kernel: {image: \"a:1\", cmdline: one, tar: none, modules: [a]}\ninit: [a]\nservices: [{name: a, image: a}]",
            "kernel: {image: \"\", cmdline: two, ucode: \"\"}\ninit: [b]\nservices: [{name: b, image: b}]",
            "kernel: {tar: \"\"}")
        #expect(spec.kernel.image?.value == "a:1")
        #expect(spec.kernel.cmdline == "two")
        #expect(spec.kernel.tar?.isEmpty == true)
        #expect(spec.kernel.ucode?.isEmpty == true)
        #expect(spec.kernel.modules?.map(\.value) == ["a"])
        #expect(spec.`init`.map(\.value) == ["a", "b"])
        #expect(spec.services.map(\.name) == ["a", "b"])
    }

    @Test func laterBootImageWins() throws {
        #expect(try read("boot: {image: a}", "boot: {image: b}", "boot: {}").boot.image?.value == "b")
        let empty = #expect(throws: SpecError.self) { try read("boot: {image: \"\"}") }
        #expect(empty?.diagnostics.first?.message == "'boot.image' is empty")
        let error = #expect(throws: SpecError.self) { try read("boot: {image: \"A B\"}") }
        #expect(error?.diagnostics.first?.location?.description == "0.yml:1:15")
        let unknown = #expect(throws: SpecError.self) { try read("boot: {loader: a}") }
        #expect(unknown?.diagnostics.first?.message.hasPrefix("unknown key 'loader'") == true)
    }

    @Test func namesOfOtherFilesAreKnown() throws {
        let spec = try read(
            "services: [{name: a, image: a, uid: b, binds: [\"v:/v\"]}]",
            "volumes: [{name: v}]\nonboot: [{name: b, image: b}]")
        #expect(spec.services[0].options.uid == .container("b"))
    }

    @Test func duplicatesAreFoundAcrossFiles() {
        let error = #expect(throws: SpecError.self) {
            try read(
                "services: [{name: a, image: a}]\nvolumes: [{name: v}]",
                "services: [{name: a, image: a}]\nvolumes: [{name: v}]")
        }
        #expect(
            error?.diagnostics.map(\.message) == [
                "duplicate service 'a' (first at 0.yml:1:12)", "duplicate volume 'v' (first at 0.yml:2:11)",
            ])
    }

    @Test func onbootMayRepeatAName() throws {
        #expect(try read("onboot: [{name: a, image: a}, {name: a, image: a}]").onboot.count == 2)
    }
}
