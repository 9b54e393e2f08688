extension KeyTable where Owner == Spec {
    /// The top level of a file.
    static let spec =
        KeyTable(
            "spec",
            "The top level of a file. Every section may be left out. The lists of several files are joined in order.",
            [
                Key(
                    "kernel", \.kernel, .kernel, absent: { KeyTable<KernelSpec>.kernel.write($0) == .object([]) },
                    "The kernel and its command line.",
                    example: "{image: \"linuxkit/kernel:6.12.59\", cmdline: console=ttyS0}",
                    since: .always),
                Key(
                    "boot", \.boot, .boot, absent: { KeyTable<BootSpec>.boot.write($0) == .object([]) },
                    "How disks and CDs boot.",
                    example: "{image: \"acme/bootloaders:1\"}", since: .ours),
                Key(
                    "init", \.`init`, .list(Codec<String>.image.located), absent: \.isEmpty,
                    "Images unpacked into the root of the guest, one over the other.",
                    example: "[\"linuxkit/init:v1.1\"]", since: .always),
                Key(
                    "onboot", \.onboot, .list(.container("onboot", without: ["restart"])), absent: \.isEmpty,
                    "Containers run one after another before the services start. They may share a name.",
                    example: "[{name: dhcpcd, image: \"linuxkit/dhcpcd:v1.0\"}]", since: .always
                ).formerly("system"),
                Key(
                    "onshutdown", \.onshutdown, .list(.container("onshutdown", without: ["restart", "onfailure"])),
                    absent: \.isEmpty,
                    "Containers run one after another when the machine goes down.",
                    example: "[{name: farewell, image: \"busybox:1.36\", command: [/bin/echo, bye]}]"),
                Key(
                    "services", \.services, .list(.container("service", without: ["timeout"])), absent: \.isEmpty,
                    "Containers that run as long as the machine does, started together. Names are unique.",
                    example: "[{name: nginx, image: \"nginx:1.27\", net: host}]", since: .always, alias: ["containers"]
                ).formerly("daemon"),
                Key(
                    "volumes", \.volumes, .list(.volume), absent: \.isEmpty, "Named directories that containers share.",
                    example: "[{name: data}]"),
                Key(
                    "files", \.files, .list(.file), absent: \.isEmpty,
                    "Files, directories and links put into the root of the guest.",
                    example: "[{path: etc/motd, contents: welcome, mode: \"0644\"}]", since: .always),
                Key(
                    "trust", \.trust, .trust, "Docker Content Trust: taken with a warning, since nothing is verified.",
                    example: "{org: [linuxkit]}", since: .always),
                Key(
                    "outputs", \.outputs, .list(.output), absent: \.isEmpty,
                    "What to build when `--format` is not given.", example: "[{format: kernel+initrd}]",
                    since: .only2017),
            ])
}
