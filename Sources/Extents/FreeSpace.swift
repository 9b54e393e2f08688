internal import CLinux
internal import Glibc

/// Room on file systems.
public enum FreeSpace {
    /// Bytes that this user can still write into a folder; nil when unknown.
    public static func bytes(in folder: String) -> UInt64? {
        var info = statvfs()
        return statvfs(folder, &info) == 0 ? bytes(info) : nil
    }

    /// The same for the file system of an open file; nil for anything but a regular file.
    static func bytes(of file: Int32) -> UInt64? {
        var (info, kind) = (statvfs(), stat())
        guard fstat(file, &kind) == 0, kind.st_mode & S_IFMT == S_IFREG, fstatvfs(file, &info) == 0 else { return nil }
        return bytes(info)
    }

    /// Whether each byte that is written takes one: file systems that compress or share blocks need less than one would
    /// think.
    public static func isCounted(in folder: String) -> Bool {
        // ext2 to ext4, tmpfs, FAT, exFAT (statfs(2)).
        [0xEF53, 0x0102_1994, 0x4D44, 0x2011_BAB0].contains(moby_file_system_type(folder))
    }

    private static func bytes(_ info: statvfs) -> UInt64 {
        UInt64(geteuid() == 0 ? info.f_bfree : info.f_bavail) * UInt64(info.f_frsize)
    }
}
