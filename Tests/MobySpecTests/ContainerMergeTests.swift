import JSON
import Testing

@testable import MobySpec

@Suite struct ContainerMergeTests {
    private func read(_ texts: String...) throws -> Spec {
        let sources = texts.enumerated().map { SpecReader.Source(name: "\($0).yml", text: $1, folder: nil) }
        return try SpecReader.read(sources) { $0.text }.spec
    }

    private static let base = """
        services:
          - {name: first, image: a}
          - name: web
            image: nginx
            command: [nginx]
            env: [A=1, B=2]
            binds: ["/a:/a"]
            oomScoreAdj: 1
            resources: {memory: {limit: 1, swap: 2}, cpu: {shares: 3}}
          - {name: last, image: a}
        """

    @Test func replaceTakesThePlace() throws {
        let spec = try read(Self.base, "services: [{name: web, merge: replace, image: httpd, net: host}]")
        #expect(spec.services.map(\.name) == ["first", "web", "last"])
        #expect(spec.services[1].image.value == "httpd")
        #expect(spec.services[1].options.env == nil)
        #expect(spec.services[1].location.file == "1.yml")
    }

    @Test func extendMergesMappingsAndJoinsLists() throws {
        let change = """
            services:
              - name: web
                merge: extend
                command: [httpd, -f]
                env: [B=3, C=4]
                binds: ["/b:/b"]
                oomScoreAdj: 5
                hostname: w
                uts: new
                resources: {memory: {limit: 9}}
            """
        let web = try read(Self.base, change).services[1]
        #expect(web.image.value == "nginx")
        #expect(web.options.command == ["httpd", "-f"])
        #expect(web.options.env == ["A=1", "B=3", "C=4"])
        #expect(web.options.binds?.map(\.text) == ["/a:/a", "/b:/b"])
        #expect(web.options.oomScoreAdj == 5)
        #expect(web.options.hostname == "w")
        #expect(web.options.resources?["memory"]?["limit"] == .integer(9))
        #expect(web.options.resources?["memory"]?["swap"] == .integer(2))
        #expect(web.options.resources?["cpu"]?["shares"] == .integer(3))
        #expect(web.options.locations["hostname"]?.file == "1.yml")
        #expect(web.options.locations["env[1]"]?.description == "1.yml:5:11")
    }

    @Test func changesAddUpOverFiles() throws {
        let spec = try read(
            "onboot: [{name: a, image: a, env: [A=1]}]", "onboot: [{name: a, merge: extend, env: [B=1]}]",
            "onboot: [{name: a, merge: extend, env: [C=1]}, {name: b, image: b}]")
        #expect(spec.onboot.map(\.name) == ["a", "b"])
        #expect(spec.onboot[0].options.env == ["A=1", "B=1", "C=1"])
    }

    @Test(arguments: [
        (
            "services: [{name: wbe, merge: extend}]", "no earlier file has the service 'wbe' that this merges with",
            "did you mean 'web'?"
        ),
        (
            "services: [{name: nothing, merge: replace, image: a}]",
            "no earlier file has the service 'nothing' that this merges with", "services: first, web, last"
        ),
        (
            "onboot: [{name: web, merge: extend}]", "no earlier file has the onboot 'web' that this merges with",
            "remove 'merge' to add it"
        ),
        (
            "services: [{name: web, merge: append}]",
            "'merge' of service 'web' is 'append', expected 'replace' or 'extend'", nil
        ),
        ("services: [{name: other}]", "service 'other' has no 'image'", "add image: \"nginx:1.27\""),
        ("services: [{name: web, merge: replace}]", "service 'web' has no 'image'", "add image: \"nginx:1.27\""),
    ]) func problem(_ change: String, _ message: String, _ hint: String?) {
        let error = #expect(throws: SpecError.self) { try read(Self.base, change) }
        #expect(error?.diagnostics.first?.message == message)
        #expect(error?.diagnostics.first?.hint == hint)
        #expect(error?.diagnostics.first?.location?.file == "1.yml")
    }

    @Test func aNameThatSeveralHaveIsAnError() {
        let error = #expect(throws: SpecError.self) {
            try read("onboot: [{name: a, image: a}, {name: a, image: b}]", "onboot: [{name: a, merge: extend}]")
        }
        #expect(error?.diagnostics.map(\.message) == ["2 onboot containers before this have the name 'a'"])
    }

    @Test func theFirstFileHasNothingToMergeWith() {
        let error = #expect(throws: SpecError.self) { try read("services: [{name: a, merge: extend}]") }
        #expect(
            error?.diagnostics.map(\.hint) == [
                "give the file that has it first; 'moby lint --merge' checks several files as one"
            ])
    }

    @Test func modulesAreAdded() throws {
        let spec = try read(
            "kernel: {modules: [a], modules.add: [b]}", "kernel: {modules.add: [c]}")
        #expect(spec.kernel.modules?.map(\.value) == ["a"])
        #expect(spec.kernel.modulesAdd?.map(\.value) == ["b", "c"])
        let replaced = try read("kernel: {modules: [a], modules.add: [b]}", "kernel: {modules: [d]}")
        #expect(replaced.kernel.modules?.map(\.value) == ["d"])
        #expect(replaced.kernel.modulesAdd == nil)
    }
}
