public import Archive

/// One loadable kernel module and what its `.modinfo` section says (kernel, include/linux/moduleinfo.h).
public struct KernelModule: Sendable, Equatable {
    /// Below the folder of the kernel's release, e.g. `kernel/drivers/net/virtio_net.ko`.
    public let path: TreePath
    /// As the kernel names it: with `_` where the file may have `-`.
    public let name: String
    /// Modules whose symbols it uses.
    public let depends: [String]
    /// Patterns of devices and services it is for, as they are written: with `-` or `_`.
    public let aliases: [String]
    /// Modules to be loaded before or after it where they exist, as `softdep` lines say it.
    public let softDependencies: [String]
    /// Size of the file in bytes.
    public let size: UInt64

    /// - Parameter modinfo: contents of the `.modinfo` section: `key=value` strings, each ended by a NUL.
    public init(path: TreePath, modinfo: some Sequence<UInt8>, size: UInt64) {
        let fields = Self.fields(modinfo)
        func all(_ key: String) -> [String] { fields.filter { $0.key == key }.map(\.value) }
        self.path = path
        self.size = size
        name = Self.name(ofFile: String(decoding: path.name, as: UTF8.self))
        depends = all("depends").flatMap { $0.split(separator: ",").map { Self.normalized(String($0)) } }
        aliases = all("alias")
        softDependencies = all("softdep")
    }

    /// The names in its soft dependencies, without `pre:` and `post:`.
    var softDependencyNames: [String] {
        softDependencies.flatMap { line in
            line.split(whereSeparator: \.isWhitespace).filter { !$0.hasSuffix(":") }.map { Self.normalized(String($0)) }
        }
    }

    /// The `key=value` strings of a `.modinfo` section, in order.
    static func fields(_ modinfo: some Sequence<UInt8>) -> [(key: String, value: String)] {
        Array(modinfo).split(separator: 0).compactMap { field in
            guard let equals = field.firstIndex(of: UInt8(ascii: "=")) else { return nil }
            return (
                String(decoding: field[..<equals], as: UTF8.self),
                String(decoding: field[(equals + 1)...], as: UTF8.self)
            )
        }
    }

    static func name(ofFile file: String) -> String {
        normalized(String(file.split(separator: ".", maxSplits: 1).first ?? ""))
    }

    /// `-` and `_` are one in module names.
    static func normalized(_ name: String) -> String { name.replacing("-", with: "_") }
}

/// The text files next to kernel modules that modprobe and PID 1 read (kmod, modules.dep(5)): those of depmod, made
/// without it.
public enum KernelModuleIndex {
    /// File names below the release's folder, with their text.
    /// - Parameter modules: those that will lie in the folder, e.g. a closure.
    public static func files(for modules: [KernelModule], of all: KernelModules) -> [(name: String, text: String)] {
        [
            ("modules.alias", aliases(modules)),
            ("modules.dep", dependencies(modules, all)),
            ("modules.softdep", softDependencies(modules)),
        ]
    }

    /// `path: path…`; the last is loaded first.
    private static func dependencies(_ modules: [KernelModule], _ all: KernelModules) -> String {
        modules.map { module in
            "\(module.path):" + all.loadOrder(of: module).reversed().map { " \($0.path)" }.joined() + "\n"
        }.joined()
    }

    private static func aliases(_ modules: [KernelModule]) -> String {
        "# Aliases extracted from modules themselves.\n"
            + modules.map { module in module.aliases.map { "alias \($0) \(module.name)\n" }.joined() }.joined()
    }

    private static func softDependencies(_ modules: [KernelModule]) -> String {
        "# Soft dependencies extracted from modules themselves.\n"
            + modules.map { module in module.softDependencies.map { "softdep \(module.name) \($0)\n" }.joined() }
            .joined()
    }
}

/// A problem of a tree of kernel modules, or of a request for modules.
public enum KernelModulesError: Error, CustomStringConvertible, Sendable {
    case noFolder
    case severalFolders([String])
    case notAModule(TreePath)
    case compressed(TreePath)
    /// Names that no module has, each with the closest that there is.
    case unknown([(name: String, closest: String?)], release: String)

    public var description: String {
        switch self {
        case .noFolder: "the kernel's files have no folder 'lib/modules/<release>'"
        case .severalFolders(let folders):
            "more than one kernel release: \(folders.map { "'\($0)'" }.joined(separator: ", "))"
        case .notAModule(let path): "'\(path)' is not a kernel module: not an ELF64 file with a .modinfo section"
        case .compressed(let path): "'\(path)' is compressed; only uncompressed modules can be selected"
        case .unknown(let names, let release):
            "kernel \(release) has no module "
                + names.map { name, closest in "'\(name)'" + (closest.map { " (did you mean '\($0)'?)" } ?? "") }
                .joined(separator: ", ")
        }
    }
}
