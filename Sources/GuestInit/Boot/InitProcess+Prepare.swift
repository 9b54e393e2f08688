internal import BootLayout
internal import CInit
internal import Glibc
internal import GuestSystem

extension InitProcess {
    /// Everything before the first container: file systems, drivers, names, limits.
    func prepare() {
        umask(0o022)
        var failure: SystemError?
        do { words = try KernelCommandLine.current() } catch { failure = error }
        if !isContainer {
            KernelSettings.panic.apply(words) { [self] in debug($0) }
            if isRootInMemory { enterRootOnDisk() }
            leaveInitialRoot()
            closeRoot()
            mountAll()
        }
        attachConsole()
        if !isContainer { quietKernel() }
        // Not before there is a console.
        if let failure { console.report("\(failure); kernel parameters are ignored") }
        timeline.mark("file systems")
        debug("file systems mounted")
        checkSentinel()
        if !isContainer { fillMounts() }
        readSettings()
        if words.wantsLegacyCgroups {
            console.report("linuxkit.unified_cgroup_hierarchy=0 is not supported; using cgroup v2")
        }
        showBanner()
        if isContainer {
            _ = cinit_become_subreaper()
        } else {
            ControlGroup.enableControllers(below: ControlGroup.root)
            loadModules()
            timeline.mark("drivers")
            setClock()
            check(cinit_loopback_up(), "bringing up", "lo")
        }
        setHostname()
        prepareResolver()
        if !isContainer { setUpNetwork() }
        raiseLimits()
        timeline.mark("network, names, limits")
        debug("names and limits set")
        attempt { () throws(SystemError) in try Files.makeDirectories("/run/moby", mode: 0o700) }
        if !isContainer, settings.isReadOnly { protectRoot() }
    }

    /// The console says when a function of CInit failed.
    private func check(_ result: Int32, _ operation: String, _ subject: String) {
        attempt { () throws(SystemError) in try SystemError.check(result, operation, subject) }
    }

    /// Magic numbers of ramfs and tmpfs.
    private static let memoryFileSystems: Set<Int64> = [0x8584_58F6, 0x0102_1994]

    var isRootInMemory: Bool { Self.memoryFileSystems.contains(cinit_filesystem("/")) }

    /// runc needs pivot_root(2), which does not work on the initial root file system. Bound to a folder and moved over
    /// `/`, the same files are an ordinary mount, without a copy.
    private func leaveInitialRoot() {
        guard isRootInMemory else { return }
        let folder = "/.root"
        attempt { () throws(SystemError) in
            try Files.makeDirectories(folder)
            try MountCall(source: "/", target: folder, type: "", flags: .bind).perform()
            try Files.makeDirectories(folder + "/proc")
            try MountCall(source: "/proc", target: folder + "/proc", type: "", flags: .move).perform()
            guard chdir(folder) == 0 else { throw SystemError("changing to", folder) }
            try MountCall(source: ".", target: "/", type: "", flags: .move).perform()
            guard chroot(".") == 0, chdir("/") == 0 else {
                throw SystemError("changing the root to", folder)
            }
        }
        rmdir(folder)
    }

    /// The kernel creates the root folder of an initrd with the mode of `/tmp`: everyone may write.
    private func closeRoot() {
        var facts = stat()
        guard stat("/", &facts) == 0, facts.st_mode & 0o7022 != 0 else { return }
        chmod("/", 0o755)
    }

    /// Copies the image's files for folders that a tmpfs now covers.
    private func fillMounts() {
        Overmount(source: BootLayout.overmountPath, target: "/", isMoving: isRootInMemory) { [console] in
            console.report($0)
        }.perform()
    }

    /// Each container has its own limit, and memory bounds open files anyway: with the kernel's limit for all of them
    /// together, one service could take the others down.
    private func raiseLimits() {
        let result = cinit_set_limits(1 << 20)
        // A container may not raise its limits.
        guard !isContainer else { return }
        check(result, "raising limits of", "PID 1")
        KernelSettings.defaults.apply(words) { [console] in console.report($0) }
        if settings.hidesProcesses { hideProcesses() }
    }

    private func mountAll() {
        for entry in EarlyMounts.all {
            if entry.isOptional && !Files.isDirectory(entry.target) && !entry.target.hasPrefix("/dev/") { continue }
            do { try entry.mount() } catch {
                if !entry.isOptional { console.report("\(error)") }
            }
            if entry.target == "/var" { fillVariableFolder() }
            if entry.target == "/dev" { fillDeviceFolder() }
        }
        attempt { () throws(SystemError) in
            try MountCall(source: "", target: "/", flags: [.shared, .recursive]).perform()
        }
    }

    private func fillVariableFolder() {
        for (path, mode) in EarlyMounts.variableFolders {
            attempt { () throws(SystemError) in try Files.makeDirectories(path, mode: mode) }
        }
        symlink("/run", "/var/run")
    }

    private func fillDeviceFolder() {
        // devtmpfs has them already, unless the kernel has none.
        _ = cinit_character_device("/dev/console", 0o600, 5, 1)
        _ = cinit_character_device("/dev/null", 0o666, 1, 3)
        for (target, link) in EarlyMounts.deviceLinks { symlink(target, link) }
    }

    /// Without a console in the initrd the kernel starts PID 1 with no file open, and the first three must be open.
    func attachConsole() {
        if !isContainer || fcntl(STDERR_FILENO, F_GETFD) < 0 {
            var file = open("/dev/console", O_RDWR | O_NOCTTY)
            if file < 0 { file = open("/dev/null", O_RDWR) }
            for standard in STDIN_FILENO...STDERR_FILENO where file >= 0 && file != standard { dup2(file, standard) }
            if file > STDERR_FILENO { close(file) }
        }
        console.reopen()
    }

    /// The kernel boots even with an initrd that it could unpack only in part.
    func checkSentinel() {
        guard !isContainer, isRootInMemory, !Files.exists(BootLayout.sentinel) else { return }
        var (free, total): (UInt64, UInt64) = (0, 0)
        cinit_memory(&free, &total)
        let error = InitrdError(kernelLog: KernelLog.lines(), total: total, free: free)
        for line in error.lines { console.report(line) }
        console.report("powering off in 5 s")
        sleep(5)
        Shutdown.end(.rootIncomplete, console)
    }

    /// The banner goes to every console, like everything that PID 1 prints.
    private func showBanner() {
        attempt { () throws(SystemError) in
            if let text = try Files.read(BootLayout.banner, limit: 64 << 10) { console.write(text) }
        }
    }

    private func loadModules() {
        let start = cinit_uptime()
        modules = ModuleLoader { [console] in console.report($0) }
        if modules != nil { offerModprobe() }
        debug("modules indexed")
        modules?.createNodes()
        modules?.loadWanted()
        modules?.coldplug(.urgent)
        console.reopen()
        for line in Drivers(modules).missing() { console.report(line) }
        debug("drivers loaded in \(TimeText.seconds(cinit_uptime() - start)): \(modules?.loadedNames ?? "none")")
    }

    /// The kernel runs a program for the modules it needs; in an image without that program, it is this one.
    private func offerModprobe() {
        guard let present = Files.text("/proc/sys/kernel/modprobe"), !Files.exists(present) else { return }
        do {
            try Files.makeDirectories("/run/moby", mode: 0o700)
            symlink(Files.linkTarget("/proc/self/exe") ?? "/init", "/run/moby/modprobe")
            try Files.write("/run/moby/modprobe", to: "/proc/sys/kernel/modprobe")
        } catch {
            debug("\(error)")
        }
    }

    /// Kernels with a built-in clock driver have set the time already.
    private func setClock() {
        guard time(nil) < 1_600_000_000 else { return }
        let seconds = cinit_hardware_clock("/dev/rtc0")
        if seconds > 0 { check(cinit_set_clock(seconds), "setting", "clock") }
    }

    private func setHostname() {
        var text = ""
        attempt { () throws(SystemError) in text = Files.trimmed(try Files.read("/etc/hostname") ?? []) }
        if let name = settings.network.hostname ?? text.split(separator: "\n").first.map(String.init) {
            check(cinit_set_hostname(name), "setting hostname", name)
        } else if let present = Files.text("/proc/sys/kernel/hostname"), present.isEmpty || present == "(none)" {
            let name = Self.defaultHostname
            check(cinit_set_hostname(name), "setting hostname", name)
        }
    }

    private static var defaultHostname: String {
        var address = [UInt8](repeating: 0, count: 6)
        for name in Files.names(in: "/sys/class/net") where name != "lo" && cinit_hardware_address(name, &address) == 0
        {
            return "moby-" + address.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
        return "moby"
    }

    /// Creates the target of the link `/etc/resolv.conf`, so that programs can write it.
    private func prepareResolver() {
        guard Files.isLink("/etc/resolv.conf"), let target = Files.linkTarget("/etc/resolv.conf") else { return }
        let path = target.hasPrefix("/") ? target : "/etc/" + target
        guard !Files.exists(path), let folder = Files.parent(of: path) else { return }
        attempt { () throws(SystemError) in
            try Files.makeDirectories(folder)
            try Files.write("", to: path, create: true)
        }
    }
}
