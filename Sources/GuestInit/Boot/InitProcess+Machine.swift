internal import BootLayout
internal import CInit
internal import Glibc
internal import GuestSystem

/// What the spec says about the machine as a whole.
extension InitProcess {
    func readSettings() {
        var bytes: [UInt8]?
        attempt { () throws(SystemError) in bytes = try Files.read(BootLayout.machine) }
        guard let bytes else { return }
        do { settings = try MachineSettings(parsing: bytes) } catch {
            console.report("\(BootLayout.machine): \(error)")
        }
    }

    /// Everything that has to be written below `/` has been by now, but for mounts of their own.
    func protectRoot() {
        attempt { () throws(SystemError) in
            try MountCall(source: "", target: "/", flags: [.bind, .remount, .readOnly]).perform()
        }
    }

    /// Users see their own processes only.
    func hideProcesses() {
        attempt { () throws(SystemError) in
            let flags: MountFlags = [.remount, .noSetUID, .noDevices, .noExecution]
            try MountCall(source: "proc", target: "/proc", type: "proc", flags: flags, data: "hidepid=2").perform()
        }
    }

    /// From here on the console belongs to the lines of PID 1: of the kernel's, only warnings and worse are shown,
    /// unless the command line asks for more.
    func quietKernel() {
        guard !words.showsKernel else { return }
        // The first number is the level below which messages are shown; 5 is the one after warnings.
        guard let level = Files.text("/proc/sys/kernel/printk")?.split(separator: "\t").first.flatMap({ Int($0) }),
            level > 5
        else { return }
        attempt { () throws(SystemError) in try Files.write("5", to: "/proc/sys/kernel/printk") }
    }

    func setUpNetwork() {
        if settings.network.isIPv6Off {
            let off = ["all", "default"].map { (name: "net/ipv6/conf/\($0)/disable_ipv6", value: "1") }
            KernelSettings(values: off).apply(words) { [console] in console.report($0) }
        }
        NetworkSetup(settings: settings.network, loadDriver: { [self] in modules?.load(named: $0) == true }) {
            [console] in console.report($0)
        }.perform()
    }

    /// The kernel parameter takes precedence; 0 turns the watchdog off.
    func startWatchdog(on loop: EventLoop) {
        guard let seconds = words.watchdog ?? settings.watchdog, seconds > 0 else { return }
        do {
            watchdog = try Watchdog(
                seconds: seconds, loop: loop, loadDriver: { [self] in modules?.load(named: $0) == true },
                report: { [console] in console.report($0) })
            debug("watchdog started: \(seconds) s")
        } catch {
            console.report("no watchdog: \(error)")
        }
    }
}
