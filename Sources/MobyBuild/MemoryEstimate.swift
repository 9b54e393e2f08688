/// The least memory a machine needs to boot an initrd.
enum MemoryEstimate {
    private static let mebibyte: UInt64 = 1 << 20
    /// For the kernel's tables, PID 1, runc and what the containers need to get going.
    private static let margin: UInt64 = 64 << 20
    /// A kernel that unpacks itself takes about this many times its file.
    private static let kernelFactor: UInt64 = 4
    /// What the kernel keeps in memory of each name, whatever the file's length: 101 MB were measured for 100 000 empty
    /// files.
    private static let nameCost: UInt64 = 1024
    /// A tmpfs has at most one inode for two pages of the machine's memory (kernel documentation, filesystems/tmpfs,
    /// `nr_inodes`).
    private static let memoryPerName: UInt64 = 2 * 4096

    /// The kernel's root is a tmpfs of at most half of the memory (kernel documentation,
    /// filesystems/ramfs-rootfs-initramfs), unless the command line makes it a ramfs; while it is unpacked the initrd
    /// is in memory too.
    /// - Parameter entries: names in the root.
    /// - Returns: MiB, a multiple of 16.
    static func mebibytes(unpacked: UInt64, entries: Int, initrd: UInt64, kernel: UInt64, commandLine: String) -> Int {
        let isRamfs = commandLine.split(separator: " ").contains("rootfstype=ramfs")
        let names = UInt64(entries)
        let root = isRamfs ? unpacked : 2 * unpacked
        let bytes = root + names * nameCost + initrd + kernelFactor * kernel + margin
        let least = isRamfs ? 0 : names * memoryPerName + margin
        let step = 16 * mebibyte
        return Int((max(bytes, least) + step - 1) / step * 16)
    }
}
