import BootLayout
import JSON
import TestSupport
import Testing

extension RuntimeRecord {
    static var sample: RuntimeRecord {
        var record = RuntimeRecord()
        record.cgroups = ["/podruntime"]
        record.mounts = [
            .init(destination: "/containers/services/web/tmp", type: "tmpfs", source: "tmpfs"),
            .init(
                destination: "/containers/services/web/rootfs", type: "overlay", source: "overlay",
                options: ["lowerdir=/images/0123456789abcdef"]),
        ]
        record.mkdir = ["/var/lib/web"]
        record.interfaces = [.init(name: "eth0", add: "veth", peer: "web0", createInRoot: true)]
        record.bindNS = ["net": "/run/netns/web"]
        record.restart = .always
        record.timeout = 30
        record.onFailure = .poweroff
        record.supervision.after = ["db"]
        (record.supervision.stopSignal, record.supervision.stopGrace) = (3, 1500)
        (record.supervision.isEarly, record.supervision.isRequired) = (true, false)
        record.supervision.ready = .init(.http(port: 80, path: "/health"), limit: 0)
        record.supervision.health = .init(.exec(["/bin/true"]), interval: 500, action: .reboot)
        return record
    }
}

struct RuntimeRecordTests {
    @Test(arguments: [Supervision.Probe.tcp(port: 80), .file("/run/x"), .exec(["a", "b"]), .notify])
    func probesAreReadBack(probe: Supervision.Probe) throws {
        var record = RuntimeRecord()
        record.supervision.ready = .init(probe)
        #expect(try RuntimeRecord(parsing: Array(record.text.utf8)) == record)
    }

    @Test(arguments: [RuntimeRecord(), RuntimeRecord.sample]) func readsWhatItWrote(record: RuntimeRecord) throws {
        #expect(try RuntimeRecord(parsing: Array(record.text.utf8)) == record)
    }

    /// Damaged texts are refused or read, and what is read survives writing.
    @Test(arguments: 0..<8) func survivesMutation(seed: UInt64) {
        var random = Numbers(seed)
        let original = Array(RuntimeRecord.sample.text.utf8)
        for _ in 0..<400 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: index)
                case 2: bytes.insert(Array("{}[],:\"\\0u-e".utf8).randomElement(using: &random) ?? 0, at: index)
                default: bytes.removeSubrange(index...)
                }
                if bytes.isEmpty { bytes = [0] }
            }
            guard let value = try? JSONValue(parsing: bytes) else { continue }
            #expect((try? JSONValue(parsing: Array(value.text().utf8))) == value)
            if let record = try? RuntimeRecord(value) { #expect((try? RuntimeRecord(record.jsonValue)) == record) }
        }
    }

    @Test func emptyRecordHasEveryMember() {
        let expected = """
            {
                "cgroups": [],
                "mounts": [],
                "mkdir": [],
                "interfaces": [],
                "bindNS": {
                    "cgroup": "",
                    "ipc": "",
                    "mnt": "",
                    "net": "",
                    "pid": "",
                    "user": "",
                    "uts": ""
                },
                "namespace": "",
                "restart": "on-failure",
                "timeout": null,
                "onFailure": "continue",
                "keep": false,
                "uidMappings": [],
                "gidMappings": []
            }

            """
        #expect(RuntimeRecord().text == expected)
    }

    @Test func readsLinuxKitsRecord() throws {
        let text = """
            {"cgroups":null,"mounts":[{"destination":"/containers/services/n/tmp","type":"tmpfs","source":"tmpfs"},
            {"destination":"/containers/services/n/tmp","options":["remount","private"]}],"mkdir":["/a"],"interfaces":[{"name":"wg0","add":"wireguard"}],
            "bindNS":{"cgroup":"","net":"/run/netns/wg"},"later":{"x":1}}
            """
        let record = try RuntimeRecord(parsing: Array(text.utf8))
        #expect(record.mounts.map(\.options) == [[], ["remount", "private"]])
        #expect(record.interfaces == [.init(name: "wg0", add: "wireguard")])
        #expect(record.bindNS == ["net": "/run/netns/wg"])
        #expect(record.restart == .onFailure && record.timeout == nil && record.onFailure == .continue)
    }

    @Test(arguments: [
        (#"[]"#, "the record is an array, not an object"),
        (#"{"mkdir":"x"}"#, "'mkdir' is a string, not an array"),
        (#"{"mkdir":[1]}"#, "'mkdir' is a number, not an array of strings"),
        (#"{"restart":"sometimes"}"#, "'restart' is 'sometimes', which is unknown"),
        (#"{"timeout":1.5}"#, "'timeout' is a number, not a whole number"),
        (#"{"bindNS":{"network":"/x"}}"#, "'bindNS.network' is not a namespace"),
        (#"{"mounts":["x"]}"#, "an entry of 'mounts' is a string, not an object"),
    ])
    func saysWhatIsWrong(text: String, message: String) {
        let error = #expect(throws: JSONError.self) { try RuntimeRecord(parsing: Array(text.utf8)) }
        #expect(error?.description == message)
    }
}
