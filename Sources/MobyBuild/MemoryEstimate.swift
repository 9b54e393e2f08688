/// The least memory a machine needs to boot an initrd.
enum MemoryEstimate {
    private static let mebibyte: UInt64 = 1 << 20
    /// For the kernel's tables, PID 1, runc and what the containers need to get going.
    private static let margin: UInt64 = 64 << 20
    /// A kernel that unpacks itself takes about this many times its file.
    private static let kernelFactor: UInt64 = 4

    /// The kernel's root is a tmpfs of at most half of the memory (kernel documentation, filesystems/ramfs-rootfs-initramfs), unless the
    /// command line makes it a ramfs; while it is unpacked the initrd is in memory too.
    /// - Returns: MiB, a multiple of 16.
    static func mebibytes(unpacked: UInt64, initrd: UInt64, kernel: UInt64, commandLine: String) -> Int {
        let isRamfs = commandLine.split(separator: " ").contains("rootfstype=ramfs")
        let root = isRamfs ? unpacked : 2 * unpacked
        let bytes = root + initrd + kernelFactor * kernel + margin
        let step = 16 * mebibyte
        return Int((bytes + step - 1) / step * 16)
    }
}
