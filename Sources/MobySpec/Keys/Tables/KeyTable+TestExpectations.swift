extension Codec where Value == ServiceExpectation {
    static var service: Codec { short(.containerName, as: \.name, of: .testService) { ServiceExpectation() } }
}

extension KeyTable where Owner == ServiceExpectation {
    static let testService = KeyTable(
        "test.service", "A service of the spec.",
        [
            Key("name", \.name, .containerName, absent: nil, "Name of the service.", example: "nginx"),
            Key(
                "state", \.state, .choice, absent: { $0 == .running },
                "`running`; `stopped`, it ended and is not started again; `failed`, it ended with an error.",
                example: "stopped", default: "running"),
            Key(
                "restarts", \.restarts, .int(0...1_000_000), absent: { $0 == 0 },
                "The most times that it was started again.", example: "3", alias: ["restart"], default: "0"),
        ])
}

extension Codec where Value == WebExpectation {
    static var web: Codec { short(.port, as: \.port, of: .testWeb) { WebExpectation() } }
}

extension KeyTable where Owner == WebExpectation {
    static let testWeb = KeyTable(
        "test.http", "An answer to `GET`. The port is published on a free port of this host.",
        [
            Key("port", \.port, .port, absent: nil, "Port of the guest.", example: "80"),
            Key(
                "path", \.path, .urlPath, absent: { $0 == "/" }, "Path, perhaps with a query.", example: "/health",
                default: "/"),
            Key(
                "status", \.status, .int(100...599), "Status of the answer. By default any below 400.", example: "200",
                alias: ["code"]),
            Key(
                "header", \.header, .pattern, "Pattern for a line of the header, `Name: value`.",
                example: "'(?i)^server: nginx'", alias: ["headers"]),
            Key(
                "body", \.body, .pattern, "Pattern for the first 64 KiB of the body.", example: "'Welcome to .*!'",
                alias: ["content"]),
        ])
}

extension Codec where Value == SSHExpectation {
    static var ssh: Codec { object(.testSSH) { _ in SSHExpectation() } }
}

extension KeyTable where Owner == SSHExpectation {
    static let testSSH = KeyTable(
        "test.ssh", "A command over ssh(1), which has to be installed. Host keys are not checked.",
        [
            Key("port", \.port, .port, absent: { $0 == 22 }, "Port of the guest.", example: "2222", default: "22"),
            Key(
                "user", \.user, .userName, absent: { $0 == "root" }, "User in the guest.", example: "admin",
                default: "root"),
            Key(
                "key", \.key, Codec<String>.word.located,
                "File with the private key, relative to the test file; `~/` is the home directory. By default ssh chooses.",
                example: "~/.ssh/id_ed25519", alias: ["identity"]),
            Key(
                "command", \.command, .word, absent: { $0 == "true" }, "Command for the shell of the user.",
                example: "uname -r", default: "true"),
            Key(
                "exit", \.exit, .int(0...254), absent: { $0 == 0 }, "Exit code of the command.", example: "1",
                default: "0"),
            Key("output", \.output, .pattern, "Pattern for its output.", example: "'^6\\.'"),
        ])
}

extension Codec where Value == ExecExpectation {
    static var exec: Codec { object(.testExec) { _ in ExecExpectation() } }
}

extension KeyTable where Owner == ExecExpectation {
    static let testExec = KeyTable(
        "test.exec", "A command in the guest. It runs once, unless `repeat` is set.",
        [
            Key(
                "container", \.container, .containerName, "Container. By default the root of the guest.",
                example: "nginx", alias: ["service"]),
            Key(
                "command", \.command, .command, absent: nil, "Program and arguments; no shell reads them.",
                example: "[cat, /proc/uptime]", alias: ["args"]),
            Key(
                "exit", \.exit, .int(0...255), absent: { $0 == 0 }, "Exit code.", example: "1", alias: ["status"],
                default: "0"),
            Key(
                "output", \.output, .pattern, "Pattern for its output and errors.", example: "'test is successful'",
                alias: ["stdout"]),
            Key(
                "repeat", \.isRepeated, .bool, "Runs it until it gives what is expected.", example: "true",
                alias: ["retry"]),
        ])
}

extension Codec where Value == FileExpectation {
    static var file: Codec { object(.testFile) { _ in FileExpectation() } }
}

extension KeyTable where Owner == FileExpectation {
    static let testFile = KeyTable(
        "test.file", "A file in the guest.",
        [
            Key("path", \.path, .absolutePath, absent: nil, "Path.", example: "/etc/motd"),
            Key(
                "container", \.container, .containerName, "Container. By default the root of the guest.",
                example: "nginx", alias: ["service"]),
            Key(
                "content", \.content, .pattern, "Pattern for the first 64 KiB.", example: "'^welcome'",
                alias: ["contents", "body"]),
            Key("mode", \.mode, .mode, "Permission bits, octal, in quotes.", example: "\"0644\""),
            Key("absent", \.isAbsent, .bool, "The file does not exist.", example: "true"),
        ])
}

extension Codec where Value == DiskExpectation {
    static var disk: Codec { object(.testDisk) { _ in DiskExpectation() } }
}

extension KeyTable where Owner == DiskExpectation {
    static let testDisk = KeyTable(
        "test.disk", "A mounted file system in the guest.",
        [
            Key(
                "mount", \.mount, .absolutePath, absent: nil, "Folder that it is mounted on.", example: "/var/lib/data"),
            Key("type", \.type, .word, "Type, as mount(8) names it.", example: "ext4"),
            Key("device", \.device, .absolutePath, "Device.", example: "/dev/vda1"),
            Key("size", \.size, .size, "The least size: bytes, or with `k`, `M` or `G`.", example: "60M"),
        ])
}
