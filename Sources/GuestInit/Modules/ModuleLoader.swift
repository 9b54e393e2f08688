internal import CInit
internal import Glibc
internal import GuestSystem

/// Loads kernel modules without any other program.
final class ModuleLoader {
    private let folder: String
    private let index: ModuleIndex
    private let settings: ModuleSettings
    private let report: (String) -> Void
    private var loaded: Set<String> = []
    private var asked: Set<String> = []

    /// Nil when the image has no modules for the running kernel, and when the kernel's release is unknown.
    /// - Parameters:
    ///   - kernel: the folder with the kernel's facts.
    ///   - root: the folder that holds `lib/modules` and `etc`.
    ///   - report: called with files that could not be read and modules that could not be loaded.
    init?(root: String = "", kernel: String = "/proc/sys/kernel", report: @escaping (String) -> Void) {
        do { folder = root + "/lib/modules/" + (try Files.requiredText(kernel + "/osrelease")) } catch {
            report("\(error); no modules can be loaded")
            return nil
        }
        let text = { [folder] (name: String) in Self.read(folder + "/" + name, report) }
        guard let dependencies = text("modules.dep") else { return nil }
        index = ModuleIndex(
            dependencies: dependencies, aliases: text("modules.alias") ?? [], soft: text("modules.softdep") ?? [],
            builtin: text("modules.builtin") ?? [])
        settings = Self.settings(root: root, report)
        self.report = report
    }

    private static func read(_ path: String, _ report: (String) -> Void) -> [UInt8]? {
        do { return try Files.read(path) } catch {
            report("\(error)")
            return nil
        }
    }

    private static func settings(root: String, _ report: (String) -> Void) -> ModuleSettings {
        var settings = ModuleSettings()
        for folder in ["/lib/modprobe.d", "/etc/modprobe.d", "/etc/modules-load.d"] {
            do {
                for name in try Files.list(root + folder) where name.hasSuffix(".conf") {
                    let text = read(root + folder + "/" + name, report) ?? []
                    if folder.hasSuffix("modprobe.d") {
                        settings.readConfiguration(text)
                    } else {
                        settings.readList(text)
                    }
                }
            } catch {
                report("\(error)")
            }
        }
        do { settings.readCommandLine(try Files.requiredText("/proc/cmdline")) } catch { report("\(error)") }
        return settings
    }

    /// For messages.
    var loadedNames: String { loaded.sorted().joined(separator: " ") }

    /// Loads what `/etc/modules-load.d` names.
    func loadWanted() { load(settings.wanted) }

    /// Creates the files in `/dev` whose opening loads a module.
    func createNodes() {
        for node in index.deviceNodes() { do { try node.create() } catch { report("\(error)") } }
    }

    /// Loads drivers for all devices, and for those that these drivers reveal.
    func coldplug(_ devices: DeviceAliases) {
        // Each round may reveal a bus with more devices; no machine nests eight.
        for _ in 0..<8 {
            let fresh = devices.read().filter { asked.insert($0).inserted }
            guard !fresh.isEmpty else { return }
            load(matching: fresh)
        }
    }

    /// Loads the drivers for these device aliases.
    func load(matching aliases: [String]) {
        load(index.modules(matching: aliases).filter { !settings.blacklist.contains($0) })
    }

    /// Whether the image has a module for a device's alias.
    func hasModule(matching alias: String) -> Bool { !index.modules(matching: [alias]).isEmpty }

    /// Loads modules by name or alias; true when at least one is loaded now.
    @discardableResult
    func load(named name: String) -> Bool {
        let module = ModuleIndex.name(of: name)
        if index.builtin.contains(module) || loaded.contains(module) { return true }
        let modules = index[module] != nil ? [module] : index.modules(matching: [name])
        load(modules)
        return modules.contains { loaded.contains($0) }
    }

    private func load(_ modules: [String]) {
        for step in ModuleClosure.steps(for: modules, in: index, loaded: loaded) where !loaded.contains(step.name) {
            let result = insert(step)
            switch -result {
            case 0, EEXIST: loaded.insert(step.name)
            // The device is not what the alias promised, which is common.
            case ENODEV, ENXIO, EBUSY, EOPNOTSUPP: break
            default: if !step.isOptional { report("module \(step.name): \(SystemError.text(of: -result))") }
            }
        }
    }

    /// Modules that would create an interface of their own, under the name that a spec's should have.
    private static let standardOptions = ["bonding": "max_bonds=0"]

    private func insert(_ step: ModuleClosure.Step) -> Int32 {
        let path = step.path.hasPrefix("/") ? step.path : folder + "/" + step.path
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return -errno }
        defer { close(file) }
        let options = settings.options[step.name] ?? Self.standardOptions[step.name] ?? ""
        return cinit_load_module(file, options, path.hasSuffix(".ko") ? 0 : 1)
    }
}

/// The settings of modprobe.d(5) and modules-load.d(5) files.
struct ModuleSettings: Equatable {
    var blacklist: Set<String> = []
    /// Module name to its parameters.
    var options: [String: String] = [:]
    /// Modules to load whether or not a device asks for them.
    var wanted: [String] = []

    /// Reads one `/etc/modprobe.d/*.conf`; commands other than `blacklist` and `options` are ignored.
    mutating func readConfiguration(_ text: [UInt8]) {
        Lines.each(in: text) { line in
            let words = Lines.words(line)
            guard words.count > 1 else { return }
            let module = ModuleIndex.name(of: words[1])
            switch Lines.string(words[0]) {
            case "blacklist": blacklist.insert(module)
            case "options":
                let added = words.dropFirst(2).map(Lines.string).joined(separator: " ")
                options[module] = options[module].map { $0 + " " + added } ?? added
            default: break
            }
        }
    }

    /// Reads one `/etc/modules-load.d/*.conf`: a name per line.
    mutating func readList(_ text: [UInt8]) {
        Lines.each(in: text) { line in
            guard let word = Lines.words(line).first, word.first != UInt8(ascii: ";") else { return }
            wanted.append(ModuleIndex.name(of: word))
        }
    }

    /// Reads the kernel parameters `module.parameter=value` and `modprobe.blacklist=`.
    mutating func readCommandLine(_ text: String) {
        for word in text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            guard let equals = word.firstIndex(of: "="), let dot = word[..<equals].firstIndex(of: ".") else { continue }
            let (module, parameter) = (ModuleIndex.name(of: String(word[..<dot])), word[word.index(after: dot)...])
            if module == "modprobe" && parameter.hasPrefix("blacklist=") {
                blacklist.formUnion(
                    word[word.index(after: equals)...].split(separator: ",").map { ModuleIndex.name(of: String($0)) })
            } else {
                options[module] = options[module].map { $0 + " " + parameter } ?? String(parameter)
            }
        }
    }
}
