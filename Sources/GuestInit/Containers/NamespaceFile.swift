internal import CInit
internal import Glibc

/// A file that keeps a namespace alive and gives it a name.
struct NamespaceFile {
    var kind: String
    var path: String

    /// Binds the namespace of `pid` on the file.
    func bind(to pid: pid_t) throws(SystemError) {
        if let slash = path.lastIndex(of: "/"), slash > path.startIndex {
            try Files.makeDirectories(String(path[..<slash]))
        }
        if !Files.exists(path) { try Files.write("", to: path, create: true) }
        // What an earlier run of the container left there.
        _ = cinit_unmount(path, 1)
        try MountCall(source: "/proc/\(pid)/ns/\(kind)", target: path, type: "", flags: .bind).perform()
    }
}
