internal import BootLayout
internal import CInit
internal import Glibc
internal import GuestSystem

/// A root on a disk: a small initrd holds this program and the drivers. It mounts the disk below a tmpfs that takes the
/// changes, and executes the init of that root.
extension InitProcess {
    private enum Folder {
        static let disk = "/.disk"
        static let memory = "/.memory"
        static let root = "/.root"
    }

    /// How long devices may take to appear.
    private static let deviceTimeout: Milliseconds = 30_000

    /// Does nothing when the command line names no root. Otherwise it returns only when that root cannot be entered.
    func enterRootOnDisk() {
        guard let name = words.root else { return }
        mountForDevices()
        attachConsole()
        debug("\(BootLayout.rootFeatureMarker): \(name)")
        checkSentinel()
        let drivers = ModuleLoader { [console] in console.report($0) }
        drivers?.coldplug(.urgent)
        console.reopen()
        for name in RootFileSystem.allCases.map({ $0.module }) + ["overlay"] { drivers?.load(named: name) }
        guard let (device, fileSystem) = find(name, drivers) else {
            return giveUp("no disk with the root '\(name)' appeared within \(Self.deviceTimeout / 1000) s")
        }
        debug("\(fileSystem.featureMarker): \(device)")
        do {
            try mountRoot(device, fileSystem)
            try enter()
        } catch {
            giveUp("root '\(name)' on \(device): \(error)")
        }
    }

    private func mountForDevices() {
        for entry in EarlyMounts.all where entry.target == "/dev" || entry.target == "/sys" {
            attempt { () throws(SystemError) in try entry.mount() }
        }
    }

    /// Waits for the device with the root.
    private func find(_ name: RootName, _ drivers: ModuleLoader?) -> (device: String, RootFileSystem)? {
        let start = cinit_uptime()
        var isReported = false
        while true {
            var seen: [String] = []
            for device in Files.names(in: "/sys/class/block") {
                do throws(SystemError) {
                    let volume = try BlockVolume(device: "/dev/" + device)
                    if let volume, let fileSystem = volume.rootFileSystem, name.matches(device: device, volume) {
                        return ("/dev/" + device, fileSystem)
                    }
                    seen.append(volume.map { "\(device) (\($0.text))" } ?? device)
                } catch {
                    seen.append("\(device) (\(error))")
                }
            }
            let waited = cinit_uptime() - start
            if waited > (isReported ? Self.deviceTimeout : 2000) {
                let devices = seen.isEmpty ? "there are no block devices" : "looked at \(seen.joined(separator: ", "))"
                console.report("root '\(name)' not found: \(devices)")
                if isReported { return nil }
                isReported = true
            }
            usleep(20_000)
            drivers?.coldplug(.urgent)
        }
    }

    private func mountRoot(_ device: String, _ fileSystem: RootFileSystem) throws(SystemError) {
        for folder in [Folder.disk, Folder.memory, Folder.root] { try Files.makeDirectories(folder) }
        try MountCall(source: device, target: Folder.disk, type: fileSystem.type, flags: .readOnly).perform()
        try MountCall(source: "tmpfs", target: Folder.memory, type: "tmpfs", flags: [], data: "mode=755").perform()
        let (upper, work) = (Folder.memory + "/upper", Folder.memory + "/work")
        try Files.makeDirectories(upper)
        try Files.makeDirectories(work)
        try MountCall(
            source: "overlay", target: Folder.root, type: "overlay", flags: .relativeAccessTime,
            data: "lowerdir=\(Folder.disk),upperdir=\(upper),workdir=\(work)"
        ).perform()
        guard access(Folder.root + "/init", X_OK) == 0 else {
            throw SystemError("starting", "/init")
        }
    }

    /// Leaves the initrd: deletes its files, which frees their memory, and executes the init of the root.
    private func enter() throws(SystemError) {
        for target in ["/dev", "/sys", "/proc"] { MountCall.detach(target) }
        let kept = Set([Folder.disk, Folder.memory, Folder.root].map { Files.lastComponent($0) })
        for name in Files.names(in: "/") where !kept.contains(name) { Files.removeTree("/" + name) }
        guard chdir(Folder.root) == 0 else { throw SystemError("changing to", Folder.root) }
        try MountCall(source: ".", target: "/", type: "", flags: .move).perform()
        guard chroot(".") == 0, chdir("/") == 0 else {
            throw SystemError("changing the root to", Folder.root)
        }
        var arguments = [strdup("/init"), nil]
        execv("/init", &arguments)
        throw SystemError("starting", "/init")
    }

    /// Nothing to boot: the machine reports that and powers off rather than hang.
    private func giveUp(_ reason: String) {
        console.report("\(reason); powering off in 10 s")
        sleep(10)
        Shutdown.end(.rootIncomplete, console)
    }
}
