/// The order in which modules must be loaded.
enum ModuleClosure {
    /// A module to load.
    struct Step: Equatable {
        var name: String
        /// Relative to the folder of the release.
        var path: String
        /// A soft dependency: that it does not load matters to nobody.
        var isOptional = false
    }

    /// What must be loaded for `modules`, dependencies first, without what is in `loaded` or built in.
    static func steps(for modules: [String], in index: ModuleIndex, loaded: Set<String>) -> [Step] {
        var walk = Walk(index: index, done: loaded.union(index.builtin))
        for module in modules { walk.add(module, isOptional: false) }
        return walk.steps
    }

    private struct Walk {
        let index: ModuleIndex
        var done: Set<String>
        var steps: [Step] = []

        /// Soft dependencies may form circles: a module counts as done when it is entered.
        mutating func add(_ name: String, isOptional: Bool) {
            guard !done.contains(name), let entry = index[name] else { return }
            done.insert(name)
            let soft = index.softDependencies(of: name)
            for other in soft.before { add(other, isOptional: true) }
            for path in entry.dependencies.reversed() { add(ModuleIndex.name(of: path), isOptional: isOptional) }
            steps.append(Step(name: name, path: entry.path, isOptional: isOptional))
            for other in soft.after { add(other, isOptional: true) }
        }
    }
}
