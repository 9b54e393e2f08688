/// The text files beside kernel modules that modprobe and PID 1 read (kmod, modules.dep(5)): those of depmod, made
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

    /// `path: path…`; what stands last is loaded first.
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
