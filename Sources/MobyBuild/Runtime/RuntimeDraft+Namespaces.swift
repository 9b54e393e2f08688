internal import Extents
internal import MobySpec

extension RuntimeDraft {
    /// Kernel settings that belong to a namespace for messages between processes (runc, libcontainer/configs/validate,
    /// `sysctl`).
    private static let messageSettings: Set = [
        "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall", "kernel.shmmax",
        "kernel.shmmni",
        "kernel.shm_rmid_forced",
    ]

    /// `linux.sysctl`: runc takes only what belongs to a namespace that the container does not share with the root.
    mutating func sysctl() -> Traced? {
        let settings = merge.choose("sysctl") { $0.sysctl }
        for key in (settings?.value ?? [:]).keys.sorted() {
            guard let settings, let fault = sysctlFault(Self.dotted(key)) else { continue }
            let message = "sysctl '\(PlainText.short(key))' of '\(container.name)' \(fault.reason)"
            faults.append(Diagnostic(at: place(settings.origin), message, hint: fault.hint))
        }
        return .map(settings)
    }

    private func sysctlFault(_ key: String) -> (reason: String, hint: String)? {
        if Self.messageSettings.contains(key) || key.hasPrefix("fs.mqueue.") {
            return isShared("ipc", \.ipc)
                ? ("needs an ipc namespace of its own; runc refuses it otherwise", "add ipc: new") : nil
        }
        if key.hasPrefix("net.") {
            return isShared("net", \.net)
                ? (
                    "needs a network namespace of its own; runc refuses it otherwise",
                    "add net: new, or set it for the whole machine with the image pkg/sysctl"
                ) : nil
        }
        if key == "kernel.domainname" {
            return isShared("uts", \.uts)
                ? ("needs a uts namespace of its own; runc refuses it otherwise", "add uts: new") : nil
        }
        if key == "kernel.hostname" {
            return ("is refused by runc, which has the key 'hostname' for it", "write hostname: and uts: new")
        }
        return (
            "cannot be set for one container: it is a setting of the whole machine, and runc refuses it",
            "set it with the image pkg/sysctl in onboot"
        )
    }

    /// With dots between its parts: where the first separator is `/`, dots and slashes have changed places
    /// (sysctl.d(5)).
    private static func dotted(_ key: String) -> String {
        guard key.first(where: { $0 == "." || $0 == "/" }) == "/" else { return key }
        return String(key.map { $0 == "/" ? "." : $0 == "." ? "/" : $0 })
    }

    private func isShared(_ key: String, _ field: @escaping (ContainerOptions) -> String?) -> Bool {
        Namespaces.isShared(merge.chooseText(key, field))
    }

    /// What runc and the kernel want of a user namespace that is made for the container.
    mutating func checkUserNamespace() {
        guard let choice = merge.chooseText("userns", { $0.userns }), choice.value == "new" else { return }
        for (key, mappings) in [
            ("uidMappings", merge.choose("uidMappings") { $0.uidMappings }),
            ("gidMappings", merge.choose("gidMappings") { $0.gidMappings }),
        ] where mappings?.value.isEmpty ?? true {
            faults.append(
                Diagnostic(
                    at: place(choice.origin),
                    "userns: new of '\(container.name)' needs \(key); runc refuses it otherwise",
                    hint: "for example \(key): [{containerID: 0, hostID: 100000, size: 65536}]"))
        }
        if isShared("net", \.net) {
            faults.append(
                Diagnostic(
                    .warning, at: place(choice.origin),
                    "'\(container.name)' has a user namespace of its own and shares the network: the kernel does not let it mount /sys",
                    hint: "add net: new"))
        }
    }
}
