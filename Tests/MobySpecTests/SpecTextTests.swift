import FoundationEssentials
import JSON
import TestSupport
import Testing

@testable import MobySpec

/// Whole files, read and written.
@Suite struct SpecTextTests {
    @Test(arguments: try Golden.inputs("specs")) func fileIsReadAndWritten(_ name: String) throws {
        let (spec, warnings) = try Reading.read(try Golden.text("specs/\(name).yml"), file: "\(name).yml")
        #expect(warnings.isEmpty)
        #expect(try Golden.difference(spec.yaml, "specs/\(name).merged.txt") == nil)
        #expect(try Reading.spec(spec.yaml).yaml == spec.yaml)
        #expect(try Reading.spec(spec.json.text()).json == spec.json)
        #expect(try Reading.spec(spec.json.text(indent: 0)).json == spec.json)
    }

    @Test func examplesAreFine() throws {
        let folder = Golden.project.appending(path: "examples")
        let names = try TestFile.names(in: folder.path).filter { $0.hasSuffix(".yml") && !TestReader.isTest($0) }
        #expect(names.contains("nginx.yml"))
        for name in names {
            let text = String(decoding: try Data(contentsOf: folder.appending(path: name)), as: UTF8.self)
            #expect(try Reading.read(text, file: name).warnings.isEmpty)
        }
    }

    @Test func resourcesHaveTheNamesOfTheRuntimeSpecification() throws {
        let spec = try Reading.spec(
            """
            services:
              - name: a
                image: a
                resources:
                  memory: {kernelTCP: 1}
                  blockio: {weightDevice: [{major: 8, minor: 0, leafWeight: 10}]}
                  cpu: {realtimeRuntime: 5}
                  hugepageLimits: [{pageSize: 1073741824, limit: 2}, {pageSize: 64KB, limit: 1}, {pageSize: 1000, limit: 1}]
                  network: {classID: 1}
                  unified: {memory.high: "10"}
                disableOOMKiller: true
            """)
        let expected = """
            {"memory":{"kernelTCP":1,"disableOOMKiller":true},"blockIO":{"weightDevice":[{"major":8,"minor":0,"leafWeight":10}]},\
            "cpu":{"realtimeRuntime":5},"hugepageLimits":[{"pageSize":"1GB","limit":2},{"pageSize":"64KB","limit":1},\
            {"pageSize":"1000B","limit":1}],"network":{"classID":1},"unified":{"memory.high":"10"}}
            """
        #expect(try JSONValue(parsing: Array(expected.utf8)).sorted == spec.services[0].options.resources?.sorted)
    }

    @Test func absentAndEmptyAreDifferent() throws {
        let spec = try Reading.spec(
            "services: [{name: a, image: a, command: [], readonly: false, sysctl: {}, runtime: {mkdir: []}}]")
        let options = spec.services[0].options
        #expect(options.command == [])
        #expect(options.env == nil)
        #expect(options.readonly == false)
        #expect(options.sysctl == [:])
        #expect(options.runtime?.mkdir == [])
        #expect(options.runtime?.cgroups == nil)
        #expect(spec.yaml.contains("command: []"))
        #expect(try Reading.spec("{}").yaml == "{}\n")
    }

    @Test(arguments: ["", "\n", "# kernel: a\n", "---\n", "---\n...\n", "~", "\u{FEFF}"]) func emptyFileIsAnError(
        _ text: String
    ) {
        let problems = Reading.problems(text)
        #expect(problems.map(\.message) == ["the file is empty"])
        #expect(problems.first?.location?.description == "test.yml:1:1")
    }

    /// Marks are no part of the text, in YAML with and without `---`, and in JSON.
    @Test(arguments: [
        "kernel:\n  image: a/b:1\ninit:\n  - a/b:1\n", "---\nkernel: {image: a/b:1}\ninit: [a/b:1]\n",
        #"{"init": ["a/b:1"]}"#,
    ])
    func byteOrderMarkIsSkipped(_ text: String) throws {
        let plain = try Reading.spec(text)
        let marked = try Reading.spec("\u{FEFF}" + text)
        #expect(marked.yaml == plain.yaml)
        #expect(marked.`init`.first?.location == plain.`init`.first?.location)
    }

    /// What LinuxKit's runtime mends or overlooks is taken, with a warning.
    @Test(
        arguments: [
            (
                #"services: [{name: a, image: "a:1", binds: ["/lib/modules:lib/modules", "v:w:ro,rbind"]}]\nvolumes: [{name: v}]"#,
                ["/lib/modules:/lib/modules", "v:/w:ro,rbind"],
                "'binds[0]' of service 'a' has the relative destination 'lib/modules', taken as '/lib/modules'"
            ),
            (
                #"services: [{name: a, image: "a:1", mounts: [{type: overlay, source: overlay, destination: writeable-host-etc}]}]"#,
                ["destination: /writeable-host-etc"],
                "'mounts[0]' of service 'a' has the relative destination 'writeable-host-etc', taken as '/writeable-host-etc'"
            ),
            (
                #"services: [{name: a, image: "a:1", tmpfs: ["tmp:size=1m"]}]"#, ["/tmp:size=1m"],
                "'tmpfs[0]' of service 'a' has the relative destination 'tmp', taken as '/tmp'"
            ),
            (
                #"files: [{path: a, contents: x, mode: "0600", optional: true}]"#, ["contents: x"],
                "file 'a' is optional, but has no 'source' that could be missing"
            ),
            (
                #"services: [{name: a, image: "a:1", runtime: {noRestart: true}}, {name: b, image: "a:1", runtime: {noRestart: yes}, restart: always}]"#,
                ["runtime: {}\n    restart: \"no\"", "runtime: {}\n    restart: always"], nil
            ),
            (#"onboot: [{name: a, image: "a:1", runtime: {noRestart: true}}]"#, ["name: a"], nil),
            (
                #"services: [{name: a, image: "a:1", runtime: {mounts: [{type: tmpfs, destination: b}]}, restart: false}]"#,
                ["destination: b", "restart: \"no\""], nil
            ),
        ] as [(String, [String], String?)]) func whatLinuxKitTakesIsTaken(
            _ text: String, _ written: [String], _ warning: String?
        ) throws
    {
        let (spec, warnings) = try Reading.read(text.replacing("\\n", with: "\n"))
        for text in written { #expect(spec.yaml.contains(text), "\(spec.yaml)") }
        #expect(warnings.first?.message == warning)
    }

    @Test func placesAreKeptByKey() throws {
        let spec = try Reading.spec(
            "services:\n  - name: a\n    image: b\n    binds:\n      - /a:/b\n      - /c:/d\n    runtime: {mkdir: [/x]}\n"
        )
        let service = spec.services[0]
        #expect(service.location.description == "test.yml:2:5")
        #expect(service.image.location.description == "test.yml:3:12")
        #expect(service.options.locations["binds"]?.description == "test.yml:4:5")
        #expect(service.options.locations["binds[1]"]?.description == "test.yml:6:9")
        #expect(service.options.locations["runtime.mkdir"]?.description == "test.yml:7:15")
    }

    @Test func identitiesAreNumbersOrNames() throws {
        let spec = try Reading.spec(
            "services: [{name: a, image: a, uid: a, gid: \"\", additionalGids: [root, 4294967295, a]}]")
        let options = spec.services[0].options
        #expect(options.uid == .container("a"))
        #expect(options.gid == .number(0))
        #expect(options.additionalGids == [.number(0), .number(.max), .container("a")])
    }
}

extension JSONValue {
    /// The value with the members of objects in the order of their names.
    var sorted: JSONValue {
        switch self {
        case .array(let items): .array(items.map(\.sorted))
        case .object(let members): .object(members.sorted { $0.key < $1.key }.map { ($0.key, $0.value.sorted) })
        default: self
        }
    }
}
