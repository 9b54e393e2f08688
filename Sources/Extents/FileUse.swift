internal import CLinux
internal import Glibc

/// When files of a cache were last used.
public enum FileUse {
    /// Notes that a file is used now, unless that was noted in the last hour: not every file system notes when a file
    /// is read.
    public static func note(_ path: String) {
        var info = stat()
        guard stat(path, &info) == 0, time(nil) - info.st_atim.tv_sec > 3600 else { return }
        moby_touch(path)
    }

    /// The same for the name of an image, in the time of its last change: looking at a store reads names, too.
    public static func noteImage(_ path: String) {
        var info = stat()
        guard stat(path, &info) == 0, time(nil) - info.st_mtim.tv_sec > 3600 else { return }
        _ = utimensat(AT_FDCWD, path, nil, 0)
    }
}
