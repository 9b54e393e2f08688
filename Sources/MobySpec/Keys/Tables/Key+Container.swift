internal import BootLayout
internal import JSON

/// The keys that both a container of the file and a label have.
extension Key where Owner == ContainerOptions {
    static let process: [Key] = [
        Key(
            "command", \.command, .command, "Program and arguments; without it, the image's entry point and command.",
            example: "[nginx, -g, daemon off;]", since: .always, alias: ["cmd", "args", "entrypoint", "exec"]),
        Key(
            "env", \.env, .strings, "Environment, `NAME=value`; replaces the image's.",
            example: "[INSECURE=true]", since: .always, alias: ["environment"]),
        Key(
            "cwd", \.cwd, .workingDirectory, "Working directory; without it, the image's.", example: "/srv",
            since: .always, alias: ["workdir", "working_dir", "workingDir"], default: "/"),
        Key(
            "uid", \.uid, .identity,
            "User: a number, or the name of a container whose ID to use; without it, the image's.", example: "1000",
            since: .always, alias: ["user"], default: "0"),
        Key(
            "gid", \.gid, .identity,
            "Group: a number, or the name of a container whose ID to use; without it, the image's.", example: "1000",
            since: .always, alias: ["group"], default: "0"),
        Key("additionalGids", \.additionalGids, .list(.identity), "More groups.", example: "[10, 20]", since: .always),
        Key(
            "noNewPrivileges", \.noNewPrivileges, .bool, "Forbids gaining privileges (setuid and the like).",
            example: "true",
            since: .always),
        Key(
            "oomScoreAdj", \.oomScoreAdj, .int(-1000...1000), "How readily the kernel kills it when memory runs out.",
            example: "-800", since: .always, alias: ["oom_score_adj"], default: "0"),
    ]

    static let privileges: [Key] = [
        Key(
            "capabilities", \.capabilities, .capabilities, "Capabilities; a single `all` means every one.",
            example: "[CAP_NET_BIND_SERVICE, CAP_CHOWN]", since: .always, alias: ["caps", "cap_add", "privileged"],
            default: "[]"),
        Key(
            "capabilities.add", \.capabilitiesAdd, .capabilities, "Capabilities in addition to the label's.",
            example: "[CAP_NET_ADMIN]"),
        Key(
            "ambient", \.ambient, .list(.capability), "Ambient capabilities: kept by programs of other users.",
            example: "[CAP_NET_BIND_SERVICE]"),
        Key(
            "maskedPaths", \.maskedPaths, .list(.absolutePath), "Paths that the container cannot see.",
            example: "[/proc/kcore]",
            since: .always),
        Key(
            "readonlyPaths", \.readonlyPaths, .list(.absolutePath), "Paths that the container cannot write.",
            example: "[/proc/sys]",
            since: .always), seccomp, apparmor,
    ]

    static let fileSystem: [Key] =
        [
            Key(
                "readonly", \.readonly, .bool, "Makes the root file system read-only.", example: "true", since: .always,
                alias: ["read_only", "readOnly"]),
            Key(
                "binds", \.binds, .list(.bind),
                "Paths or volumes of the guest seen in the container: `source:destination[:options]`.",
                example: "[\"/etc/resolv.conf:/etc/resolv.conf:ro\"]", since: .always, alias: ["volumes"]),
            Key(
                "binds.add", \.bindsAdd, .list(.bind), "Binds in addition to the label's.",
                example: "[\"/run/config:/run/config\"]", formerly: "user-binds"),
            Key(
                "mounts", \.mounts, .list(.mount), "Mounts in the container.",
                example: "[{type: tmpfs, destination: /cache}]", since: .always),
            Key(
                "tmpfs", \.tmpfs, .list(.tmpfs), "Empty directories in memory: `destination[:options]`.",
                example: "[\"/tmp:size=64m\"]",
                since: .always),
            Key(
                "devices", \.devices, .list(.device), "Device nodes.",
                example: "[{path: /dev/console, type: c, major: 5, minor: 1, mode: \"0666\"}]"),
            Key(
                "rootfsPropagation", \.rootfsPropagation,
                .choice([
                    "", "private", "rprivate", "slave", "rslave", "shared", "rshared", "unbindable", "runbindable",
                ]),
                "How mounts spread to and from the container.", example: "shared", since: .always),
        ] + writableRoot

    static let namespaces: [Key] = [
        Key(
            "net", \.net, .namespace(["host", "root", "new", "none"]),
            "Network: `host`, `new`, or the path of a namespace.", example: "new", since: .always,
            alias: ["network", "network_mode"], default: "host"),
        Key(
            "pid", \.pid, .namespace(), "Processes: `host`, `new`, or the path of a namespace.", example: "host",
            since: .always, default: "new"),
        Key(
            "ipc", \.ipc, .namespace(), "Shared memory: `host`, `new`, or the path of a namespace.", example: "new",
            since: .always, default: "host"),
        Key(
            "uts", \.uts, .namespace(), "Host name: `host`, `new`, or the path of a namespace.", example: "new",
            since: .always, default: "host"),
        Key(
            "userns", \.userns, .namespace(), "User ids: `host`, `new`, or the path of a namespace.", example: "new",
            default: "host"),
        Key(
            "hostname", \.hostname, .string, "Host name in the container; it needs `uts: new`.", example: "web",
            since: .always, with: "uts: new"),
        Key(
            "uidMappings", \.uidMappings, .list(.idMapping), "User ids of the user namespace.",
            example: "[{hostID: 1000, containerID: 0, size: 10}]", with: "userns: new"),
        Key(
            "gidMappings", \.gidMappings, .list(.idMapping), "Group ids of the user namespace.",
            example: "[{hostID: 1000, containerID: 0, size: 10}]", with: "userns: new"),
    ]

    static let limits: [Key] = [
        Key(
            "cgroupsPath", \.cgroupsPath, .string, "Path of the container's cgroup.", example: "/apps/web",
            since: .always),
        Key(
            "resources", \.resources, .resources, "Limits of the cgroup.",
            example: "{memory: {limit: 104857600}, cpu: {shares: 512}}"),
        disableOOMKiller,
        Key(
            "sysctl", \.sysctl, .map(.string),
            "Kernel parameters of the container's own namespaces: `net.*` needs `net: new`, shared memory and queues `ipc: new`.",
            example: "{net.ipv4.ip_forward: \"1\"}", since: .always, alias: ["sysctls"], with: "net: new"),
        Key(
            "rlimits", \.rlimits, .list(.limit),
            "Limits of the process: `name,soft,hard`; numbers or `unlimited`. Without `nofile`, `nofile,1024,524288` is added; `[]` keeps the machine's limits.",
            example: "[\"nofile,1024,4096\"]",
            alias: ["rmlimits", "ulimits"]),
        Key(
            "annotations", \.annotations, .map(.string), "Notes for the runtime.", example: "{org.example.role: web}",
            alias: ["labels"]),
    ]

    static let boot: [Key] = [
        runtime,
        Key(
            "restart", \.restart, .choice, "Services: when to restart it after it ends, with growing delays.",
            example: "always", since: .moby, default: "on-failure"),
        Key(
            "timeout", \.timeout, .seconds(upTo: 86_400),
            "`onboot`, `onshutdown`: time limit in seconds, or with `ms`, `s`, `m` or `h`; 120 s and 30 s by default; 0 is unlimited. What is over is killed, and has failed.",
            example: "60", since: .moby
        ),
        Key(
            "onfailure", \.onFailure, .choice,
            "What happens to the machine when an `onboot` container fails, or a service that is not restarted. With `poweroff` or `reboot`, a service's `restart` is `no` by default.",
            example: "poweroff", since: .moby, default: "continue"),
    ]

    private static let runtime = Key(
        "runtime", shape: Codec<RuntimeSpec>.runtime.shape, "Preparations in the guest around the container.",
        example: "{mkdir: [/var/lib/app]}", since: .linuxkit
    ) { node, options, reading in
        guard var runtime = Codec<RuntimeSpec>.runtime.read(node, &reading) else { return }
        // A key `restart` is read later, and wins.
        if runtime.noRestart == true { options.restart = .no }
        runtime.noRestart = nil
        options.runtime = runtime
    } write: { options in
        options.runtime.map { Codec<RuntimeSpec>.runtime.write($0) }
    }

    /// 2017 had it on the container; it goes where it lives today.
    private static let disableOOMKiller = Key(
        "disableOOMKiller", shape: .boolean, "The same as `resources: {memory: {disableOOMKiller: true}}`.",
        example: "true",
        since: .only2017
    ) { node, options, reading in
        guard Codec<Bool>.bool.read(node, &reading) == true else { return }
        var resources = options.resources ?? .object([])
        var memory = resources["memory"] ?? .object([])
        memory["disableOOMKiller"] = .bool(true)
        resources["memory"] = memory
        options.resources = resources
    }
}
