import FoundationEssentials
import JSON
import TestSupport
import Testing

@testable import MobySpec

@Suite struct TemplateTests {
    @Test func everyValueIsLookedAtAndEachFolderIsAskedForOnce() throws {
        var asked: [String] = []
        let text = """
            kernel: {image: "@pkg:k", cmdline: "@pkg:/k"}
            init: ["@pkg:sub/../k", "@pkg:k"]
            files: [{path: a, contents: "@pkg:k"}, {path: b, contents: "@daily x: y"}, {path: c, contents: "x @pkg:k"}]
            """
        let source = SpecReader.Source(name: "a.yml", text: text, folder: "/nowhere")
        let spec = try SpecReader.read([source]) {
            asked.append($0.text)
            return "localhost/moby/k:\(asked.count)"
        }.spec
        #expect(asked == ["/nowhere/k", "/k", "/nowhere/sub/../k"])
        #expect(spec.kernel.image?.value == "localhost/moby/k:1")
        #expect(spec.kernel.cmdline == "localhost/moby/k:2")
        #expect(spec.`init`.map(\.value) == ["localhost/moby/k:3", "localhost/moby/k:1"])
        #expect(
            spec.json.text(indent: 0).contains(
                #""contents":"localhost/moby/k:1"},{"path":"b","contents":"@daily x: y"},{"path":"c","contents":"x @pkg:k""#
            ))
    }

    @Test func foldersThatAreThereAreResolved() throws {
        let folder = Golden.folder
        let source = SpecReader.Source(name: "a.yml", text: "init: [\"@pkg:../Golden/specs\"]", folder: folder.path)
        var asked: [String] = []
        _ = try SpecReader.read([source]) {
            asked.append($0.text)
            return "a"
        }
        #expect(asked == [folder.appending(path: "specs").path])
    }

    @Test func textFromTheNetworkHasNoFolder() {
        let source = SpecReader.Source(name: "http://a/b.yml", text: "init: [\"@pkg:a\"]", folder: nil)
        let error = #expect(throws: SpecError.self) { try SpecReader.read([source]) { $0.text } }
        #expect(
            error?.diagnostics.map(\.message) == [
                "'@pkg:a' is relative to the file, but a file from the network has no folder"
            ])
    }

    /// An installed image has the same name on every machine.
    @Test func textFromTheNetworkMayNameInstalledImages() throws {
        let text = "kernel: {image: \"@moby:kernel\"}\ninit: [\"@moby:init\", \"@moby:init\"]"
        var asked: [PackageTemplate] = []
        let (spec, warnings) = try SpecReader.read([SpecReader.Source(name: "a", text: text, folder: nil)]) {
            asked.append($0)
            return "localhost/moby/\($0.text):1"
        }
        #expect(asked == [.installed("kernel"), .installed("init")])
        #expect(spec.kernel.image?.value == "localhost/moby/kernel:1")
        #expect(spec.`init`.map(\.value) == ["localhost/moby/init:1", "localhost/moby/init:1"])
        #expect(warnings.filter { $0.message.contains("of this machine") }.isEmpty)
    }

    /// What a text from the network names of this machine is a warning, what the user's own file names is none.
    @Test func textFromTheNetworkThatNamesThisMachineIsAWarning() throws {
        let text = """
            init: ["@pkg:/p", "a:1"]
            services: [{name: a, image: "oci:d"}]
            files: [{path: a, source: /etc/hostname}, {path: b, contents: x}]
            """
        func warnings(_ folder: String?) throws -> [String] {
            try SpecReader.read([SpecReader.Source(name: "a", text: text, folder: folder)]) { _ in "a:1" }.warnings.map
            {
                "\($0.location?.line ?? 0): \($0.message)"
            }
        }
        #expect(try warnings("/a").isEmpty)
        #expect(
            try warnings(nil) == [
                "1: a file from the network names the package '/p' of this machine",
                "2: a file from the network names the image 'oci:d' of this machine",
                "3: a file from the network names the file '/etc/hostname' of this machine",
            ])
    }
}
