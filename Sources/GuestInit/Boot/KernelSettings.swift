internal import Glibc
internal import GuestSystem

/// Kernel settings of a machine about which nothing else says anything: `sysctl.NAME=` on the kernel command line wins,
/// and what writes settings later, such as pkg/sysctl.
struct KernelSettings {
    /// Below `/proc/sys`, with their values.
    let values: [(name: String, value: String)]

    /// A kernel that panics restarts after ten seconds.
    static let panic = KernelSettings(values: [("kernel/panic", "10")])

    static let defaults = KernelSettings(values: limits + hardening)

    /// Limits of all programs together, which one service must not exhaust for the others. As systemd has them
    /// (`src/core/main.c`, `sysctl.d/50-pid-max.conf`); watches of inotify(7) are charged to memory limits anyway.
    private static let limits: [(name: String, value: String)] = [
        ("fs/file-max", "\(Int64.max)"), ("fs/nr_open", "1073741816"), ("fs/inotify/max_user_instances", "1024"),
        ("fs/inotify/max_user_watches", "524288"), ("kernel/pid_max", "4194304"),
    ]

    /// What the kernel reveals, what its magic key does (16 is to write the disks), links and pipes in folders that all
    /// may write to, and no core dumps: they would fill a root in memory. A reverse path filter of 2 drops packets from
    /// addresses that nothing leads to; 1 would also drop those that arrive by another way than the answer takes, as
    /// with several networks or a VPN.
    private static let hardening: [(name: String, value: String)] = [
        ("kernel/kptr_restrict", "1"), ("kernel/dmesg_restrict", "1"), ("kernel/sysrq", "16"),
        ("kernel/core_pattern", ""), ("fs/protected_hardlinks", "1"), ("fs/protected_symlinks", "1"),
        ("fs/protected_fifos", "1"), ("fs/protected_regular", "1"), ("net/ipv4/conf/all/rp_filter", "2"),
        ("net/ipv4/conf/default/rp_filter", "2"),
    ]

    /// - Parameters:
    ///   - folder: where the kernel has its settings.
    ///   - report: called with those that could not be written. Kernels without a setting are none of them.
    func apply(_ words: KernelCommandLine, in folder: String = "/proc/sys", report: (String) -> Void) {
        for (name, value) in values where !words.settings.contains(name) {
            do { try Files.write(value + "\n", to: folder + "/" + name) } catch {
                if error.number != ENOENT { report("\(error)") }
            }
        }
    }
}
