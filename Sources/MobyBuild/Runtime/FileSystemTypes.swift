/// The file systems of Linux by the names that mount(2) has for them (kernel, `fs/` and `/proc/filesystems`; those of
/// FUSE too).
enum FileSystemTypes {
    /// Whether some Linux has it; what comes after `fuse.` is up to a program.
    static func knows(_ type: String) -> Bool { all.contains(type) || type.hasPrefix("fuse.") }

    static let all: [String] = [
        "9p", "adfs", "affs", "afs", "autofs", "bcachefs", "befs", "bfs", "binder", "binfmt_misc", "bpf", "btrfs",
        "ceph", "cgroup",
        "cgroup2",
        "cifs", "coda", "configfs", "cpuset", "cramfs", "debugfs", "devpts", "devtmpfs", "dlmfs", "ecryptfs",
        "efivarfs", "efs", "erofs",
        "exfat",
        "ext4", "ext3", "ext2", "f2fs", "fuse", "fuseblk", "fusectl", "gfs2", "hfs", "hfsplus", "hpfs", "hugetlbfs",
        "iso9660", "jffs2",
        "jfs", "lustre", "minix", "mqueue", "msdos", "nfs", "nfs4", "nfsd", "nilfs2", "none", "ntfs", "ntfs3", "ocfs2",
        "omfs", "orangefs",
        "overlay", "proc",
        "pstore", "qnx4", "qnx6", "ramfs", "reiserfs", "resctrl", "romfs", "rpc_pipefs", "securityfs", "selinuxfs",
        "smackfs", "smb3",
        "squashfs", "sysfs", "sysv", "tmpfs", "tracefs", "ubifs", "udf", "ufs", "vboxsf", "vfat", "virtiofs", "xenfs",
        "xfs", "zfs",
        "zonefs",
    ]
}
