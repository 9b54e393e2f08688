public import Archive

/// What is wrong with a tree of kernel modules, or with what is asked of it.
public enum KernelModulesError: Error, CustomStringConvertible, Sendable {
    case noFolder
    case severalFolders([String])
    case notAModule(TreePath)
    case compressed(TreePath)
    /// Names that no module has, each with the closest that there is.
    case unknown([(name: String, closest: String?)], release: String)

    public var description: String {
        switch self {
        case .noFolder: "no folder 'lib/modules/<release>' in the kernel's files"
        case .severalFolders(let folders):
            "more than one kernel release: \(folders.map { "'\($0)'" }.joined(separator: ", "))"
        case .notAModule(let path): "'\(path)' is not a kernel module: no ELF64 file with a .modinfo section"
        case .compressed(let path): "'\(path)' is a compressed module; modules are chosen among uncompressed ones"
        case .unknown(let names, let release):
            "kernel \(release) has no module "
                + names.map { name, closest in "'\(name)'" + (closest.map { " (did you mean '\($0)'?)" } ?? "") }
                .joined(separator: ", ")
        }
    }
}
