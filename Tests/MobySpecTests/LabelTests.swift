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
