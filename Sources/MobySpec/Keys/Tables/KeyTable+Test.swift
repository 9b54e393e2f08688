internal import JSON

/// The keys of a test file.
extension KeyTable where Owner == TestSpec {
    static let test = KeyTable(
        "test", "The top level of a test file, which describes the machines to boot and what is expected of each.",
        [
            Key(
                "machine", \.machine, .testMachine, absent: { $0.isDefault },
                "The machines: every combination of the values that are lists.",
                example: "{format: [kernel+initrd, qcow2-efi], memory: 512}"),
            Key(
                "expect", \.expect, .list(.testStep),
                "The steps, in this order. Without a step `poweroff`, the last is `poweroff: clean`.",
                example: "[up, {http: {port: 80, status: 200}}]", default: "[up]"),
        ])
}

extension TestMachine {
    fileprivate var isDefault: Bool {
        formats.isEmpty && firmware.isEmpty && memory.isEmpty && cpus.isEmpty && arches.isEmpty && disks.isEmpty
            && devices.isEmpty && data == nil && !hasTPM
    }
}

extension Codec where Value == TestMachine {
    fileprivate static var testMachine: Codec { object(.testMachine) { _ in TestMachine() } }
}

extension KeyTable where Owner == TestMachine {
    static let testMachine = KeyTable(
        "test.machine",
        "The machines of a test. A list makes a machine of each value; two lists, of each pair of values.",
        [
            Key(
                "format", \.formats, .oneOrMore(Codec<String>.string.shaped(.outputFormat).located),
                "Output formats that QEMU can boot.", example: "[kernel+initrd, iso]", alias: ["formats", "outputs"],
                default: "kernel+initrd"),
            Key(
                "firmware", \.firmware, .oneOrMore(.choice),
                "For formats that boot from both; the others have only one.", example: "[bios, uefi]"),
            Key(
                "memory", \.memory, .oneOrMore(.mebibytes),
                "Memory: MiB, or with `M` or `G`. By default what the build needs, and at least 1024.",
                example: "[256, 1G]", alias: ["mem", "ram"]),
            Key(
                "cpus", \.cpus, .oneOrMore(.int(1...255)),
                "Virtual processors. By default two where this host has them.", example: "[1, 4]",
                alias: ["cpu", "processors"]),
            Key(
                "arch", \.arches, .oneOrMore(Codec<String>.string.located),
                "Architectures: `amd64`, `arm64`. By default `--arch`, else this host's.", example: "[amd64, arm64]",
                alias: ["architecture", "platform"]),
            Key(
                "disk", \.disks, .oneOrMore(.mebibytes),
                "Sizes of empty disks, all in each machine: MiB, or with `M` or `G`. They last over `reboot`.",
                example: "[64M, 2G]", alias: ["disks"]),
            Key(
                "device", \.devices, .oneOrMore(.word),
                "Devices of QEMU (`-device`), all in each machine.", example: "[virtio-net-pci, i6300esb]",
                alias: ["devices"]),
            Key("data", \.data, .text, "User data for the guest.", example: "\"hostname: web\""),
            Key(
                "tpm", \.hasTPM, .bool,
                "A TPM 2.0 in software, which needs swtpm on this host. What it holds lasts over `reboot`.",
                example: "true"),
        ])
}

/// A step as written, before it is known to expect one thing.
struct TestStepDraft: Sendable {
    /// In the order of the table.
    static let kinds = [
        "up", "service", "http", "https", "tcp", "ssh", "console", "not-console", "exec", "file", "disk", "metric",
        "reboot", "poweroff",
    ]
    /// What a word alone means.
    static let words: [String: Expectation] = ["up": .up, "reboot": .reboot(.once), "poweroff": .poweroff(.clean)]

    var name: String?
    var timeout: Duration?
    var isUp: Bool?
    var service: ServiceExpectation?
    var http: WebExpectation?
    var https: WebExpectation?
    var tcp: UInt16?
    var ssh: SSHExpectation?
    var console: String?
    var notConsole: String?
    var exec: ExecExpectation?
    var file: FileExpectation?
    var disk: DiskExpectation?
    var metric: [Budget]?
    var reboot: Expectation.Reboot?
    var poweroff: Expectation.PowerOff?

    init() {}

    init(_ step: TestStep) {
        (name, timeout) = (step.name, step.timeout)
        switch step.expectation {
        case .up: isUp = true
        case .service(let value): service = value
        case .web(let value, let isSecure): if isSecure { https = value } else { http = value }
        case .tcp(let port): tcp = port
        case .ssh(let value): ssh = value
        case .console(let pattern): console = pattern
        case .notConsole(let pattern): notConsole = pattern
        case .exec(let value): exec = value
        case .file(let value): file = value
        case .disk(let value): disk = value
        case .metric(let budgets): metric = budgets
        case .reboot(let value): reboot = value
        case .poweroff(let value): poweroff = value
        }
    }

    private var expectations: [Expectation] {
        var found: [Expectation?] = [isUp == true ? .up : nil]
        found.append(service.map { .service($0) })
        found.append(http.map { .web($0, isSecure: false) })
        found.append(https.map { .web($0, isSecure: true) })
        found.append(tcp.map { .tcp($0) })
        found.append(ssh.map { .ssh($0) })
        found.append(console.map { .console($0) })
        found.append(notConsole.map { .notConsole($0) })
        found.append(exec.map { .exec($0) })
        found.append(file.map { .file($0) })
        found.append(disk.map { .disk($0) })
        found.append(metric.map { .metric($0) })
        found.append(reboot.map { .reboot($0) })
        found.append(poweroff.map { .poweroff($0) })
        return found.compactMap(\.self)
    }

    func finished(_ node: Node, _ reading: inout Reading) -> TestStep? {
        let written = Self.kinds.filter { node[$0] != nil }
        guard written.count == 1 else {
            let keys = written.map { "'\($0)'" }.joined(separator: " and ")
            reading.error(
                at: node.location,
                "\(reading.subject) has \(written.isEmpty ? "no expectation" : "\(keys)"), expected exactly one",
                hint: written.isEmpty
                    ? "give it one of \(Self.kinds.joined(separator: ", "))" : "write a step for each")
            return nil
        }
        if isUp == false {
            reading.error(at: node.location, "\(reading.subject) has 'up: false'", hint: "write 'up', or remove it")
        }
        guard let expectation = expectations.first else { return nil }
        var step = TestStep(expectation, at: node.location)
        (step.name, step.timeout) = (name, timeout)
        return step
    }
}

extension Codec where Value == TestStep {
    fileprivate static var testStep: Codec {
        let step = object(.testStep) { _ in
            TestStepDraft()
        } from: {
            TestStepDraft($0)
        } finish: {
            $0.finished($1, &$2)
        }
        let one = TestStepDraft.kinds.map { "{\"required\": [\"\($0)\"]}" }.joined(separator: ", ")
        let words = TestStepDraft.words.keys.sorted()
        let full = step.shaped(.restricted(step.shape, schema: "{\"oneOf\": [\(one)]}"))
        return Codec(.either(.choice(words), full.shape), write: { full.write($0) }) { node, reading in
            guard case .scalar = node.content else { return full.read(node, &reading) }
            return Codec<String>.choice(words).read(node, &reading).flatMap { TestStepDraft.words[$0] }
                .map { TestStep($0, at: node.location) }
        }
    }
}
