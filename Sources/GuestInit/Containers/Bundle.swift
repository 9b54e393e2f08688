internal import BootLayout
internal import CInit
internal import Glibc
internal import GuestSystem
internal import JSON

/// A container's folder, as the assembler wrote it.
struct Bundle: Equatable {
    var path: String
    /// Also the container's identifier for runc.
    var name: String

    init(path: String) {
        self.path = path
        name = Files.lastComponent(path)
    }

    /// The bundles in a folder, in the order of their names.
    static func all(in folder: String) throws(SystemError) -> [Bundle] {
        try Files.list(folder).map { folder + "/" + $0 }.filter { Files.isDirectory($0) }.map { Bundle(path: $0) }
    }

    var root: String { path + "/rootfs" }
    var configuration: String { path + "/" + BootLayout.configuration }

    /// The record next to the configuration; LinuxKit's oldest images have none, and need no preparation.
    func record() throws(BundleError) -> RuntimeRecord {
        guard Files.exists(configuration) else { throw BundleError("\(configuration) is missing") }
        let file = path + "/" + BootLayout.record
        let bytes: [UInt8]?
        do { bytes = try Files.read(file) } catch { throw BundleError("\(error)") }
        guard let bytes else { return RuntimeRecord() }
        do { return try RuntimeRecord(parsing: bytes) } catch { throw BundleError("\(file): \(error)") }
    }

    /// The program that the configuration names, for explanations; nil when it cannot be read.
    var program: (name: String, root: ProgramRoot)? {
        guard let bytes = try? Files.read(configuration), let json = try? JSONValue(parsing: bytes),
            var words = json["process"]?["args"]?.array?[...]
        else { return nil }
        if words.first?.string == Supervision.reaper { words = words.dropFirst() }
        guard let name = words.first?.string else { return nil }
        let binds = (json["mounts"]?.array ?? []).compactMap { mount -> ProgramRoot.Bind? in
            guard let target = mount["destination"]?.string, let source = mount["source"]?.string, source.hasPrefix("/")
            else { return nil }
            return ProgramRoot.Bind(target: target, source: source)
        }
        return (name, ProgramRoot(folder: root, binds: binds))
    }

    /// Whether runc has to clean up after the container in order to run hooks.
    func hasPoststopHooks() throws(SystemError) -> Bool {
        guard let bytes = try Files.read(configuration) else { return false }
        let word = Array("\"poststop\"".utf8)
        return bytes.indices.contains { bytes[$0] == word[0] && bytes[$0...].starts(with: word) }
    }
}

/// A bundle that cannot be used.
struct BundleError: Error, Equatable, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}

/// Does what `runtime.json` asks for before runc runs, and undoes it.
struct Preparation {
    let bundle: Bundle
    /// Loads a kernel module by name or alias; false when there is none.
    let loadDriver: (String) -> Bool

    func perform(_ record: RuntimeRecord) throws(SystemError) {
        for mount in record.mounts { try perform(mount) }
        for path in record.mkdir { try Files.makeDirectories(absolute(path)) }
        for path in record.cgroups { try ControlGroup(path).create() }
    }

    private func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : bundle.root + "/" + path }

    private func perform(_ mount: RuntimeRecord.Mount) throws(SystemError) {
        let target = absolute(mount.destination)
        let options = MountOptions(mount.options)
        if !Files.exists(target) { try makeTarget(target, for: mount, options) }
        for name in ["upperdir", "workdir"] {
            if let folder = options.value(name) { try Files.makeDirectories(folder) }
        }
        for call in MountCall.calls(for: mount, at: target) { try perform(call) }
    }

    /// Files are bound on files, everything else on folders.
    private func makeTarget(_ target: String, for mount: RuntimeRecord.Mount, _ options: MountOptions)
        throws(SystemError)
    {
        guard options.flags.contains(.bind), Files.exists(mount.source), !Files.isDirectory(mount.source) else {
            return try Files.makeDirectories(target)
        }
        if let folder = Files.parent(of: target) { try Files.makeDirectories(folder) }
        try Files.write("", to: target, create: true)
    }

    private func perform(_ call: MountCall) throws(SystemError) {
        do { try call.perform() } catch {
            guard error.number == ENODEV, loadDriver("fs-" + call.type) || loadDriver(call.type) else { throw error }
            try call.perform()
        }
    }

    /// Makes the root again as the image has it, for a container that ran before.
    func renew(_ record: RuntimeRecord) throws(SystemError) {
        undo(record)
        for mount in record.mounts where isInside(mount) { try perform(mount) }
        for path in record.mkdir where !path.hasPrefix("/") { try Files.makeDirectories(absolute(path)) }
    }

    private func isInside(_ mount: RuntimeRecord.Mount) -> Bool {
        absolute(mount.destination).hasPrefix(bundle.path + "/")
    }

    /// Unmounts what was mounted in the bundle itself, which frees the memory of an ended container's changes.
    func undo(_ record: RuntimeRecord) {
        for mount in record.mounts.reversed() where isInside(mount) { MountCall.detach(absolute(mount.destination)) }
    }
}

extension RuntimeRecord {
    /// Starts a process that gives the files of a fresh root, which have the owners that the image has, to the users of
    /// the container's user namespace.
    func startGiving(_ root: String) throws(SystemError) -> pid_t {
        func ranges(_ ranges: [IDRange]) -> [cinit_id_range] {
            ranges.map { cinit_id_range(inside: $0.containerID, outside: $0.hostID, size: $0.size) }
        }
        let (users, groups) = (ranges(userRanges), ranges(groupRanges))
        return try SystemError.check(
            cinit_give_files(root, users, Int32(users.count), groups, Int32(groups.count)), "giving to its users", root)
    }
}

/// A file that keeps a namespace alive and gives it a name.
struct NamespaceFile {
    var kind: String
    var path: String

    /// Binds the namespace of `pid` on the file.
    func bind(to pid: pid_t) throws(SystemError) {
        if let folder = Files.parent(of: path) { try Files.makeDirectories(folder) }
        if !Files.exists(path) { try Files.write("", to: path, create: true) }
        // An earlier run of the container may have left one.
        MountCall.detach(path)
        try MountCall(source: "/proc/\(pid)/ns/\(kind)", target: path, type: "", flags: .bind).perform()
    }
}
