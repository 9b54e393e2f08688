internal import BootLayout
internal import CInit
internal import Glibc

/// The root on a disk: a small initrd holds this program and the drivers; it mounts the disk below a tmpfs that takes
/// the changes, and goes on as the init of that root.
extension Machine {
    private enum Place {
        static let disk = "/.disk"
        static let memory = "/.memory"
        static let root = "/.root"
    }

    /// How long devices may take to come.
    private static let devicePatience: Milliseconds = 30_000

    /// Does nothing when the command line names no root; else it does not come back, unless that root cannot be
    /// entered.
    func enterRootOnDisk() {
        guard let name = KernelCommandLine(Files.text("/proc/cmdline") ?? "").root else { return }
        mountForDevices()
        attachConsole()
        words = KernelCommandLine(Files.text("/proc/cmdline") ?? "")
        debug("\(BootLayout.rootMark): \(name)")
        checkSentinel()
        let drivers = ModuleLoader { [console] in console.say($0) }
        drivers?.coldplug(.urgent)
        console.reopen()
        for name in RootFileSystem.allCases.map(\.module) + ["overlay"] { drivers?.load(named: name) }
        guard let (device, volume) = find(name, drivers) else {
            return giveUp("no disk with the root '\(name)' came within \(Self.devicePatience / 1000) s")
        }
        debug("\(volume.fileSystem.mark): \(device)")
        do {
            try mountRoot(device, volume.fileSystem)
            try enter()
        } catch {
            giveUp("root '\(name)' on \(device): \(error)")
        }
    }

    private func mountForDevices() {
        for entry in EarlyMounts.all where entry.target == "/dev" || entry.target == "/sys" {
            do {
                try Files.makeDirectories(entry.target, mode: entry.mode)
                try MountCall(
                    source: entry.type, target: entry.target, type: entry.type, flags: entry.flags, data: entry.data
                ).perform()
            } catch {
                console.say("\(error)")
            }
        }
    }

    /// The device of a name, waited for.
    private func find(_ name: RootName, _ drivers: ModuleLoader?) -> (device: String, RootVolume)? {
        let start = cinit_uptime()
        var isTold = false
        while true {
            var seen: [String] = []
            for device in Files.names(in: "/sys/class/block") {
                let volume = RootVolume(device: "/dev/" + device)
                if let volume, name.matches(device: device, volume) { return ("/dev/" + device, volume) }
                seen.append(volume.map { "\(device) (\($0.text))" } ?? device)
            }
            let waited = cinit_uptime() - start
            if waited > (isTold ? Self.devicePatience : 2000) {
                console.say(
                    "the root '\(name)' is on none of: \(seen.isEmpty ? "no block devices at all" : seen.joined(separator: ", "))"
                )
                if isTold { return nil }
                isTold = true
            }
            usleep(20_000)
            drivers?.coldplug(.urgent)
        }
    }

    private func mountRoot(_ device: String, _ fileSystem: RootFileSystem) throws(SystemError) {
        for folder in [Place.disk, Place.memory, Place.root] { try Files.makeDirectories(folder) }
        try MountCall(source: device, target: Place.disk, type: fileSystem.type, flags: .readOnly).perform()
        try MountCall(source: "tmpfs", target: Place.memory, type: "tmpfs", flags: [], data: "mode=755").perform()
        let (upper, work) = (Place.memory + "/upper", Place.memory + "/work")
        try Files.makeDirectories(upper)
        try Files.makeDirectories(work)
        try MountCall(
            source: "overlay", target: Place.root, type: "overlay", flags: .relativeAccessTime,
            data: "lowerdir=\(Place.disk),upperdir=\(upper),workdir=\(work)"
        ).perform()
        guard access(Place.root + "/init", X_OK) == 0 else {
            throw SystemError(operation: "start", subject: "/init", number: errno)
        }
    }

    /// Leaves the initrd: its files go, and with them the memory that they took; the init of the root starts as on a
    /// fresh machine.
    private func enter() throws(SystemError) {
        for target in ["/dev", "/sys", "/proc"] { _ = cinit_unmount(target, 1) }
        let kept = Set([Place.disk, Place.memory, Place.root].map { Files.lastComponent($0) })
        for name in Files.names(in: "/") where !kept.contains(name) { Files.removeTree("/" + name) }
        guard chdir(Place.root) == 0 else { throw SystemError(operation: "chdir", subject: Place.root, number: errno) }
        try MountCall(source: ".", target: "/", type: "", flags: .move).perform()
        guard chroot(".") == 0, chdir("/") == 0 else {
            throw SystemError(operation: "chroot", subject: Place.root, number: errno)
        }
        var arguments = [strdup("/init"), nil]
        execv("/init", &arguments)
        throw SystemError(operation: "start", subject: "/init", number: errno)
    }

    /// There is nothing to boot: the console says so, and the machine is switched off rather than left to hang.
    private func giveUp(_ reason: String) {
        console.say("\(reason); powering off in 10 s")
        sleep(10)
        Shutdown.end(.rootIncomplete, console)
    }
}
