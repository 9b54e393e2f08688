internal import JSON

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
                    example: "{image: \"acme/bootloaders:1\"}", since: .moby),
                Key(
                    "init", \.`init`, .list(Codec<String>.image.located),
                    "Images unpacked into the root of the guest, one over the other.",
                    example: "[\"linuxkit/init:v1.1\"]", since: .always),
                Key(
                    "onboot", \.onboot, .list(.container("onboot", without: ["restart"] + SpecCheck.serviceKeys)),
                    "Containers run one after another before the services start. They may share a name.",
                    example: "[{name: dhcpcd, image: \"linuxkit/dhcpcd:v1.0\"}]", since: .always, formerly: "system"),
                Key(
                    "onshutdown", \.onshutdown,
                    .list(.container("onshutdown", without: ["restart", "onfailure"] + SpecCheck.serviceKeys)),
                    "Containers run one after another when the machine goes down.",
                    example: "[{name: farewell, image: \"busybox:1.36\", command: [/bin/echo, bye]}]"),
                Key(
                    "services", \.services, .list(.container("service", without: ["timeout"])),
                    "Containers that run as long as the machine does, started together. Names are unique.",
                    example: "[{name: nginx, image: \"nginx:1.27\", net: host}]", since: .always, alias: ["containers"],
                    formerly: "daemon"),
                Key(
                    "volumes", \.volumes, .list(.volume), "Named directories that containers share.",
                    example: "[{name: data}]"),
                Key(
                    "files", \.files, .list(.file), "Files, directories and links put into the root of the guest.",
                    example: "[{path: etc/motd, contents: welcome, mode: \"0644\"}]", since: .always),
                Key(
                    "network", \.network, .network, "The network of the machine.",
                    example: "{eth0: {address: 10.0.0.2/24, gateway: 10.0.0.1}}", since: .moby),
                Key(
                    "time", \.time, .list(.timeServer),
                    "Time servers (NTP), by name or address. The build adds a service `chrony`, unless a file has a container of that name.",
                    example: "[time.example.org, 10.0.0.1]", since: .moby, alias: ["ntp"]),
                Key(
                    "watchdog", \.watchdog, .watchdog,
                    "How long PID 1 or the kernel may hang before the machine starts again: a time such as `30s`.",
                    example: "30s", since: .moby),
                Key(
                    "readonly", \.readonly, .bool,
                    "Makes the root file system of the machine read-only, except `/run`, `/tmp` and `/var`.",
                    example: "true", since: .moby),
                Key(
                    "hidepid", \.hidesProcesses, .bool,
                    "Hides the processes of other users in `/proc`, in the machine and in all containers.",
                    example: "true", since: .moby),
                Key(
                    "policy", \.policy, Codec<String>.string.located,
                    "File of the policy that every image must meet, relative to this file ([signatures.md](signatures.md)). `--policy` comes before it.",
                    example: "policy.yml", since: .moby),
                Key(
                    "trust", \.trust, .trust,
                    "Docker Content Trust: accepted with a warning, since nothing is verified but by a `policy`, which must cover every image.",
                    example: "{org: [linuxkit]}", since: .always),
                Key(
                    "outputs", \.outputs, .list(.output), "What to build when `--format` is not given.",
                    example: "[{format: kernel+initrd}]", since: .only2017),
                variables,
            ])
}

extension Codec where Value == KernelSpec {
    /// An empty image, command line or binary is none.
    static var kernel: Codec {
        object(.kernel) { _ in KernelSpec() }.map(from: { $0 }) { kernel in
            var kernel = kernel
            if kernel.image?.value.isEmpty == true { kernel.image = nil }
            if kernel.cmdline?.isEmpty == true { kernel.cmdline = nil }
            if kernel.binary?.isEmpty == true { kernel.binary = nil }
            return kernel
        }
    }
}

extension KeyTable where Owner == KernelSpec {
    static let kernel = KeyTable(
        "kernel", "The kernel. If several files set a key, the last one wins.",
        [
            Key(
                "image", \.image, Codec<String>.imageOrNone.located,
                "Image with the kernel, and with a tar of its modules.", example: "\"linuxkit/kernel:6.12.59\"",
                since: .always),
            Key(
                "cmdline", \.cmdline, .commandLine, "The kernel's command line, one line.",
                example: "\"console=ttyS0 page_poison=1\"",
                since: .always,
                alias: ["commandline", "append"]),
            Key(
                "binary", \.binary, .fileName,
                "Name of the kernel in the image; without it also the names of 2017, `bzImage` and `vmlinuz64`.",
                example: "bzImage", default: "kernel"),
            Key(
                "tar", \.tar, .fileName, "Name of the tar with modules in the image; `none` for no tar.",
                example: "none", default: "kernel.tar"),
            Key(
                "ucode", \.ucode, .fileName, "Name of a cpio with CPU microcode in the image.",
                example: "intel-ucode.cpio"),
            Key(
                "modules", \.modules, .list(Codec<String>.word.located),
                "Modules to include, with the modules that they depend on; without it, all modules of the image.",
                example: "[virtio_net, virtio_blk, ext4]", since: .moby),
            Key(
                "modules.add", \.modulesAdd, .list(Codec<String>.word.located),
                "Modules in addition to `modules` of earlier files, or to the set of the image.",
                example: "[snd_hda_intel]", since: .moby),
        ])
}

extension Codec where Value == BootSpec {
    static var boot: Codec { object(.boot) { _ in BootSpec() } }
}

extension KeyTable where Owner == BootSpec {
    static let boot = KeyTable(
        "boot", "How disks and CDs boot. If several files set a key, the last one wins.",
        [
            Key(
                "image", \.image, Codec<String>.image.located,
                "Image with the boot loaders, like the default `pkg/bootloaders`; `--bootloader` overrides it.",
                example: "\"acme/bootloaders:1\"", since: .moby)
        ])
}

extension Codec where Value == VolumeSpec {
    static var volume: Codec {
        object(.volume, noun: "volume") {
            VolumeSpec(name: "", location: $0)
        } finish: { volume, node, _ in
            var volume = volume
            // An invalid device has an error already; it must not count as missing, too.
            if volume.device == nil, node["device"] != nil { volume.format = .filesystem }
            return volume
        }
    }
}

extension KeyTable where Owner == VolumeSpec {
    static let volume = KeyTable(
        "volume", "A named directory. Containers use it in `binds` and `mounts` by its name instead of a path.",
        [
            Key(
                "name", \.name, .volumeName, absent: nil, "Name of the volume: letters a-z, digits, `-` and `_`.",
                example: "data"),
            Key(
                "image", \.image, Codec<String>.imageOrNone.located,
                "Image that provides the volume's initial contents; if not given, the volume is empty.",
                example: "\"busybox:1.36\""),
            Key("readonly", \.readonly, .bool, "Containers can only read it.", example: "true"),
            Key(
                "format", \.format, .choice, absent: { $0 == .filesystem },
                "`filesystem` unpacks the image, `oci` stores it as an OCI image layout. With `device`, the file system that is made when the disk is empty; without it, the disk must have one.",
                example: "oci", default: "filesystem"),
            Key(
                "device", \.device, .device,
                "The disk that holds the volume: `LABEL=NAME`, `UUID=…` or a path. It is checked, grown to the size of the disk and mounted before the containers of `onboot`; without it the machine powers off.",
                example: "LABEL=MOBY_DATA", since: .moby, with: "format: ext4"),
            Key(
                "platforms", \.platforms, .list(.platform),
                "For `format: oci`: which platforms of the image to store; without it, that of the build.",
                example: "[linux/amd64, linux/arm64]", with: "format: oci"),
        ])
}

extension Codec where Value == String {
    /// An image, or the empty string for none.
    static var imageOrNone: Codec {
        string.checked { $0.isEmpty ? nil : ImageName.check($0) }.shaped(.string(pattern: "^$|\(ImageName.pattern)"))
    }
}

extension Codec where Value == TrustSpec {
    /// Its content is never an error: LinuxKit has had several forms of it, and today accepts all of them without
    /// effect.
    static var trust: Codec {
        let strict = object(.trust) { TrustSpec(location: $0) }
        return Codec(strict.shape, write: { strict.write($0) }) { node, reading in
            reading.forgiving { strict.read(node, &$0) }
        }
    }
}

extension KeyTable where Owner == TrustSpec {
    static let trust = KeyTable(
        "trust",
        "Docker Content Trust. Nothing is verified: a build warns of it once. Images named by digest are the ones you mean without a signature.",
        [
            Key(
                "image", \.images, .strings, "Images whose signatures were verified.", example: "[linuxkit/kernel]",
                since: .always),
            Key(
                "org", \.organizations, .strings, "Organizations whose images were verified.", example: "[linuxkit]",
                since: .always),
        ])
}

extension Codec where Value == OutputSpec {
    static var output: Codec { object(.output) { OutputSpec(format: Located("", at: $0)) } }
}

extension KeyTable where Owner == OutputSpec {
    static let output = KeyTable(
        "output",
        "Formats that a file of 2017 builds; `--format` wins. With a project or bucket, `gcp` uploads and creates an image, `gcp-storage` uploads.",
        [
            Key(
                "format", \.format, Codec<String>.word.shaped(.outputFormat).located, absent: nil,
                "Name of a format, of today or of 2017: `kernel+initrd`, `iso-bios`, `iso-efi`, `gcp-img`, `gcp-storage`, `gcp`, `qcow`, `qcow2`, `vhd`, `vmdk`.",
                example: "gcp-img", since: .only2017),
            Key(
                "project", \.project, Codec<String>.string.located, "Google Cloud project.", example: "my-project",
                since: .only2017),
            Key(
                "bucket", \.bucket, Codec<String>.string.located,
                "Google Cloud storage bucket; without one, `PROJECT-moby-images`.",
                example: "my-bucket",
                since: .only2017),
            Key(
                "family", \.family, Codec<String>.string.located, "Family of the Google Compute image.", example: "web",
                since: .only2017),
            Key(
                "keys", \.keys, Codec<String>.string.located, "File with a key of a Google Cloud service account.",
                example: "gcp.json",
                since: .only2017),
            Key("public", \.isPublic, .bool, "Makes the upload publicly readable.", example: "true", since: .only2017),
            Key(
                "replace", \.replace, .bool, "Whether to replace an image of the same name.", example: "true",
                since: .only2017),
        ])
}
