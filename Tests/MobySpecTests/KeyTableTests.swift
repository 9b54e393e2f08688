import JSON
import Testing

@testable import MobySpec

/// Every row of every table, through its own example.
@Suite struct KeyTableTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let table: String
        let row: KeyTableDescription.Row
        /// A whole file that contains the example; `%` is where the key and its value go.
        let frame: String

        var testDescription: String { "\(table).\(row.name)" }
        func file(_ text: String) -> String { frame.replacing("%", with: text) }
    }

    /// Where an object of a table belongs in a file, with the other keys that it must have.
    private static let frames: [String: (frame: String, required: [String: String])] = [
        "spec": ("{%}", [:]),
        "kernel": ("{kernel: {%}}", [:]),
        "boot": ("{boot: {%}}", [:]),
        "container": ("{services: [{%}, {name: db, image: a}]}", ["name": "web", "image": "a"]),
        "volume": ("{volumes: [{%}]}", ["name": "data"]),
        "file": ("{files: [{%}]}", ["path": "a", "source": "b"]),
        "trust": ("{trust: {%}}", [:]),
        "output": ("{outputs: [{%}]}", ["format": "gcp"]),
        "mount": ("{services: [{name: a, image: a, mounts: [{%}]}]}", ["destination": "/a", "type": "tmpfs"]),
        "idmapping": (
            "{services: [{name: a, image: a, uidMappings: [{%}]}]}", ["hostID": "1", "containerID": "1", "size": "1"]
        ),
        "device": (
            "{services: [{name: a, image: a, devices: [{%}]}]}", ["path": "/a", "type": "c", "mode": "\"0600\""]
        ),
        "runtime": ("{services: [{name: a, image: a, runtime: {%}}]}", [:]),
        "interface": ("{services: [{name: a, image: a, runtime: {interfaces: [{%}]}}]}", ["name": "eth0"]),
        "bindNS": ("{services: [{name: a, image: a, runtime: {bindNS: {%}}}]}", [:]),
        "ready": ("{services: [{name: a, image: a, ready: {%}}]}", [:]),
        "health": ("{services: [{name: a, image: a, health: {%}}]}", [:]),
        "probe": ("{services: [{name: a, image: a, ready: {http: {%}}}]}", ["port": "80"]),
        "network": ("{network: {%}}", [:]),
        "network.interface": ("{network: {net0: {%}}}", [:]),
        "network.interface.vlan": ("{network: {net0: {vlan: {%}}}}", ["link": "eth1", "id": "1"]),
        "network.interface.bond": ("{network: {net0: {bond: {%}}}}", ["links": "[eth1]"]),
        "resources": ("{services: [{name: a, image: a, resources: {%}}]}", [:]),
        "resources.devices": ("{services: [{name: a, image: a, resources: {devices: [{%}]}}]}", [:]),
        "resources.memory": ("{services: [{name: a, image: a, resources: {memory: {%}}}]}", [:]),
        "resources.cpu": ("{services: [{name: a, image: a, resources: {cpu: {%}}}]}", [:]),
        "resources.pids": ("{services: [{name: a, image: a, resources: {pids: {%}}}]}", [:]),
        "resources.blockio": ("{services: [{name: a, image: a, resources: {blockio: {%}}}]}", [:]),
        "resources.blockio.weightDevice": (
            "{services: [{name: a, image: a, resources: {blockio: {weightDevice: [{%}]}}}]}", [:]
        ),
        "resources.blockio.throttleDevice": (
            "{services: [{name: a, image: a, resources: {blockio: {throttleReadBpsDevice: [{%}]}}}]}", [:]
        ),
        "resources.hugepageLimits": ("{services: [{name: a, image: a, resources: {hugepageLimits: [{%}]}}]}", [:]),
        "resources.network": ("{services: [{name: a, image: a, resources: {network: {%}}}]}", [:]),
        "resources.network.priorities": (
            "{services: [{name: a, image: a, resources: {network: {priorities: [{%}]}}}]}", [:]
        ),
    ]

    static let rows: [Row] = KeyTables.all.flatMap { table -> [Row] in
        guard let frame = frames[table.name] else { return [] }
        return table.rows.map { row in
            var required = frame.required
            required[row.name] = nil
            if table.name == "file", FileDraft.contentKeys.contains(row.name) {
                for key in FileDraft.contentKeys { required[key] = nil }
            }
            // Of an onboot container; services may not have these.
            let isOnboot = table.name == "container" && ["timeout", "onfailure"].contains(row.name)
            let companions = row.companion.map { ", \($0)" } ?? ""
            let others = required.sorted { $0.key < $1.key }.map { ", \($0.key): \($0.value)" }.joined() + companions
            let text = isOnboot ? frame.frame.replacing("services", with: "onboot") : frame.frame
            return Row(table: table.name, row: row, frame: text.replacing("%", with: "%" + others))
        }
    }

    @Test func everyTableHasAFrame() {
        #expect(Set(KeyTables.all.map(\.name)) == Set(Self.frames.keys))
        #expect(Self.rows.count > 120)
    }

    /// What reading resolves: it is in no resolved spec. An entry with `merge` needs another file.
    private static let resolved = ["variables", "merge"]

    @Test(arguments: rows.filter { $0.row.name != "merge" }) func exampleIsReadAndWrittenAndReadAgain(_ row: Row) throws
    {
        let spec = try Reading.spec(row.file("\(row.row.name): \(row.row.example)"))
        let yaml = spec.yaml
        // Old names are written in today's place.
        if row.table == "output" || row.row.since != .only2017 && row.row.since != .formerLinuxkit,
            !Self.resolved.contains(row.row.name)
        {
            #expect(yaml.contains("\(row.row.name):"), "\(yaml)")
        }
        #expect(try Reading.spec(yaml).yaml == yaml)
        #expect(try Reading.spec(spec.json.text()).json == spec.json)
    }

    @Test(arguments: rows) func misspelledKeyIsTold(_ row: Row) throws {
        let name = String(row.row.name.dropLast()) + "QQ"
        let problems = Reading.diagnostics(row.file("\(name): \(row.row.example)"))
        #expect(problems.contains { $0.message.hasPrefix("unknown key '\(name)' ") && $0.hint != nil }, "\(problems)")
    }

    @Test(arguments: rows) func wrongTypeIsTold(_ row: Row) throws {
        let wrong =
            if case .map = row.row.shape { "[[]]" } else if row.row.shape.table != nil { "wrong" } else {
                "{a: {b: [c]}}"
            }
        let problems = Reading.diagnostics(row.file("\(row.row.name): \(wrong)"))
        #expect(
            problems.contains { $0.message.contains("\(row.row.name)") && $0.message.contains("expected") },
            "\(problems)")
        #expect(problems.allSatisfy { $0.location?.line == 1 })
    }

    @Test(arguments: rows) func nullIsReported(_ row: Row) throws {
        #expect(!Reading.diagnostics(row.file("\(row.row.name):  ")).isEmpty)
    }

    /// What is printed as the default is something that one may write; `directory: false` alone leaves a file without
    /// content.
    @Test(arguments: rows.filter { $0.row.absentValue != nil && $0.row.name != "directory" }) func absentValueIsRead(
        _ row: Row
    ) throws {
        _ = try Reading.spec(row.file("\(row.row.name): \(row.row.absentValue ?? "")"))
    }
}
