internal import BootLayout
internal import CInit
internal import Glibc

/// Brings about what `runtime.json` asks for before runc runs, and takes it back.
struct Preparation {
    let bundle: Bundle
    /// Loads a kernel module by name or alias; false when there is none.
    let loadDriver: (String) -> Bool

    func perform(_ record: RuntimeRecord) throws(SystemError) {
        for mount in record.mounts { try perform(mount) }
        for path in record.mkdir { try Files.makeDirectories(absolute(path)) }
        for path in record.cgroups { try ControlGroup(path).create() }
    }

    private func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : bundle.path + "/rootfs/" + path }

    private func perform(_ mount: RuntimeRecord.Mount) throws(SystemError) {
        let target = absolute(mount.destination)
        let options = MountOptions(mount.options)
        if !Files.exists(target) { try makeTarget(target, for: mount, options) }
        for name in ["upperdir", "workdir"] {
            if let folder = options.value(name) { try Files.makeDirectories(folder) }
        }
        for call in MountCall.calls(for: mount, at: target) { try perform(call) }
    }

    /// A file is bound on a file, all else on a folder.
    private func makeTarget(_ target: String, for mount: RuntimeRecord.Mount, _ options: MountOptions)
        throws(SystemError)
    {
        guard options.flags.contains(.bind), Files.exists(mount.source), !Files.isDirectory(mount.source) else {
            return try Files.makeDirectories(target)
        }
        if let slash = target.lastIndex(of: "/"), slash > target.startIndex {
            try Files.makeDirectories(String(target[..<slash]))
        }
        try Files.write("", to: target, create: true)
    }

    private func perform(_ call: MountCall) throws(SystemError) {
        do { try call.perform() } catch {
            guard error.number == ENODEV, loadDriver("fs-" + call.type) || loadDriver(call.type) else { throw error }
            try call.perform()
        }
    }

    /// Takes away what was mounted in the bundle itself, so that an ended container's changes no longer use memory.
    func undo(_ record: RuntimeRecord) {
        for mount in record.mounts.reversed() {
            let target = absolute(mount.destination)
            if target.hasPrefix(bundle.path + "/") { _ = cinit_unmount(target, 1) }
        }
    }
}
