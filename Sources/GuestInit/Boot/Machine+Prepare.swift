internal import BootLayout
internal import CInit
internal import Glibc

extension Machine {
    /// Everything before the first container: file systems, drivers, names, limits.
    func prepare() {
        umask(0o022)
        words = KernelCommandLine(Files.text("/proc/cmdline") ?? "")
        if !isContainer {
            limitPanics()
            if isRootInMemory { enterRootOnDisk() }
            leaveInitialRoot()
            closeRoot()
            mountAll()
        }
        attachConsole()
        debug("file systems mounted")
        checkSentinel()
        if !isContainer { fillMounts() }
        if words.wantsLegacyCgroups {
            console.say("linuxkit.unified_cgroup_hierarchy=0 is not supported: only cgroup v2 is")
        }
        showBanner()
        if isContainer {
            _ = cinit_become_subreaper()
        } else {
            ControlGroup.enableControllers(below: ControlGroup.root)
            loadModules()
            setClock()
            let result = cinit_loopback_up()
            if result < 0 { console.say("network interface lo: \(SystemError.text(of: -result))") }
        }
        setHostname()
        prepareResolver()
        raiseLimits()
        debug("names and limits set")
        try? Files.makeDirectories("/run/moby", mode: 0o700)
    }

    /// The magic numbers of ramfs and tmpfs.
    private static let memoryFileSystems: Set<Int64> = [0x8584_58F6, 0x0102_1994]

    var isRootInMemory: Bool { Self.memoryFileSystems.contains(cinit_filesystem("/")) }

    /// pivot_root(2), which runc needs, refuses to work on the initial root file system. Bound on a folder and moved
    /// over `/`, the same files are a mount as any other, and nothing was copied.
    private func leaveInitialRoot() {
        guard isRootInMemory else { return }
        let folder = "/.root"
        do {
            try Files.makeDirectories(folder)
            try MountCall(source: "/", target: folder, type: "", flags: .bind).perform()
            try Files.makeDirectories(folder + "/proc")
            try MountCall(source: "/proc", target: folder + "/proc", type: "", flags: .move).perform()
            guard chdir(folder) == 0 else { throw SystemError(operation: "chdir", subject: folder, number: errno) }
            try MountCall(source: ".", target: "/", type: "", flags: .move).perform()
            guard chroot(".") == 0, chdir("/") == 0 else {
                throw SystemError(operation: "chroot", subject: folder, number: errno)
            }
        } catch {
            console.say("\(error)")
        }
        rmdir(folder)
    }

    /// The kernel makes the root folder of an initrd as it makes `/tmp`: all may write.
    private func closeRoot() {
        var facts = stat()
        guard stat("/", &facts) == 0, facts.st_mode & 0o7022 != 0 else { return }
        chmod("/", 0o755)
    }

    /// What the image has for folders that were mounted over just now.
    private func fillMounts() {
        Overmount(source: BootLayout.overmountPath, target: "/", isMoving: isRootInMemory) { [console] in
            console.say($0)
        }.perform()
    }

    /// Memory is what limits open files, each container has a limit of its own: the kernel's limit for all of them
    /// together would let one service take the others down.
    private func raiseLimits() {
        _ = cinit_set_limits(1 << 20)
        guard !isContainer else { return }
        do { try Files.write("\(Int64.max)", to: "/proc/sys/fs/file-max") } catch { console.say("\(error)") }
    }

    private func mountAll() {
        for entry in EarlyMounts.all {
            if entry.isOptional && !Files.isDirectory(entry.target) && !entry.target.hasPrefix("/dev/") { continue }
            try? Files.makeDirectories(entry.target, mode: entry.mode)
            do {
                try MountCall(
                    source: entry.type, target: entry.target, type: entry.type, flags: entry.flags, data: entry.data
                ).perform()
            } catch {
                if !entry.isOptional { console.say("\(error)") }
            }
            if entry.target == "/var" { fillVariableFolder() }
            if entry.target == "/dev" { fillDeviceFolder() }
        }
        _ = cinit_mount("", "/", "", MountFlags([.shared, .recursive]).rawValue, nil)
    }

    private func fillVariableFolder() {
        for (path, mode) in EarlyMounts.variableFolders { try? Files.makeDirectories(path, mode: mode) }
        symlink("/run", "/var/run")
    }

    private func fillDeviceFolder() {
        _ = cinit_device_node("/dev/console", CChar(UInt8(ascii: "c")), 0o600, 5, 1)
        _ = cinit_device_node("/dev/null", CChar(UInt8(ascii: "c")), 0o666, 1, 3)
        for (target, link) in EarlyMounts.deviceLinks { symlink(target, link) }
    }

    /// Without a console in the initrd the kernel starts us with no file open; the first three must be, whatever they
    /// are.
    func attachConsole() {
        if !isContainer || fcntl(STDERR_FILENO, F_GETFD) < 0 {
            var file = open("/dev/console", O_RDWR | O_NOCTTY)
            if file < 0 { file = open("/dev/null", O_RDWR) }
            for standard in STDIN_FILENO...STDERR_FILENO where file >= 0 && file != standard { dup2(file, standard) }
            if file > STDERR_FILENO { close(file) }
        }
        console.reopen()
    }

    /// The kernel boots on with what there is of an initrd that it could not unpack.
    func checkSentinel() {
        guard !isContainer, isRootInMemory, !Files.exists(BootLayout.sentinel) else { return }
        var (free, total): (UInt64, UInt64) = (0, 0)
        cinit_memory(&free, &total)
        let fault = InitrdFault(kernelLog: KernelLog.lines(), total: total, free: free)
        for line in fault.lines { console.say(line) }
        console.say("powering off in 5 s")
        sleep(5)
        Shutdown.end(.rootIncomplete, console)
    }

    /// A kernel that panics starts again after ten seconds, unless its command line says otherwise.
    func limitPanics() {
        guard !words.namesPanic else { return }
        do { try Files.write("10", to: "/proc/sys/kernel/panic") } catch { debug("\(error)") }
    }

    /// The greeting goes to every console, as all that PID 1 says.
    private func showBanner() {
        guard let text = Files.read(BootLayout.banner, limit: 64 << 10), !text.isEmpty else { return }
        console.write(text)
    }

    private func loadModules() {
        let start = cinit_uptime()
        modules = ModuleLoader { [console] in console.say($0) }
        if modules != nil { offerModprobe() }
        debug("modules indexed")
        modules?.loadWanted()
        modules?.coldplug(.urgent)
        console.reopen()
        for line in Drivers(modules).missing() { console.say(line) }
        debug("drivers loaded in \(TimeText.seconds(cinit_uptime() - start)): \(modules?.loadedNames ?? "none")")
    }

    /// The kernel asks a program for the modules it misses; in an image without one, that is this program.
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

    /// Kernels whose clock driver is built in have set the time already.
    private func setClock() {
        guard time(nil) < 1_600_000_000 else { return }
        let seconds = cinit_hardware_clock("/dev/rtc0")
        if seconds > 0 { _ = cinit_set_clock(seconds) }
    }

    private func setHostname() {
        if let name = Files.text("/etc/hostname")?.split(separator: "\n").first, !name.isEmpty {
            _ = cinit_set_hostname(String(name))
        } else if let present = Files.text("/proc/sys/kernel/hostname"), present.isEmpty || present == "(none)" {
            _ = cinit_set_hostname(Self.defaultHostname)
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

    /// Programs that write the resolver's file find the folder that the link points to.
    private func prepareResolver() {
        guard Files.isLink("/etc/resolv.conf"), let target = Files.linkTarget("/etc/resolv.conf") else { return }
        let path = target.hasPrefix("/") ? target : "/etc/" + target
        guard !Files.exists(path), let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return }
        do {
            try Files.makeDirectories(String(path[..<slash]))
            try Files.write("", to: path, create: true)
        } catch {
            console.say("\(error)")
        }
    }
}
