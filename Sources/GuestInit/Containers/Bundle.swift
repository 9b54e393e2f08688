internal import BootLayout

/// A container's folder, as the assembler wrote it.
struct Bundle: Equatable {
    var path: String
    /// Its name, which is the container's identifier for runc as well.
    var name: String

    init(path: String) {
        self.path = path
        name = Files.lastComponent(path)
    }

    /// The bundles in a folder, in the order of their names.
    static func all(in folder: String) -> [Bundle] {
        Files.names(in: folder).map { folder + "/" + $0 }.filter { Files.isDirectory($0) }.map { Bundle(path: $0) }
    }

    var configuration: String { path + "/" + BootLayout.configuration }

    /// The record next to the configuration; that of LinuxKit's oldest images is missing, and then there is nothing to
    /// prepare.
    func record() throws(BundleError) -> RuntimeRecord {
        guard Files.exists(configuration) else { throw BundleError("\(configuration) is missing") }
        guard let bytes = Files.read(path + "/" + BootLayout.record) else { return RuntimeRecord() }
        do { return try RuntimeRecord(parsing: bytes) } catch {
            throw BundleError("\(path)/\(BootLayout.record): \(error)")
        }
    }

    /// What its configuration says about its program; nil when that cannot be read.
    var program: (name: String, root: ProgramRoot)? {
        guard let bytes = Files.read(configuration), let json = try? JSON(parsing: bytes),
            let name = json["process"]?["args"]?.array?.first?.string
        else { return nil }
        let binds = (json["mounts"]?.array ?? []).compactMap { mount -> ProgramRoot.Bind? in
            guard let target = mount["destination"]?.string, let source = mount["source"]?.string, source.hasPrefix("/")
            else { return nil }
            return ProgramRoot.Bind(target: target, source: source)
        }
        return (name, ProgramRoot(folder: path + "/rootfs", binds: binds))
    }

    /// Whether runc itself must clean up after the container, because it has to run hooks then.
    var hasPoststopHooks: Bool {
        guard let bytes = Files.read(configuration) else { return false }
        let word = Array("\"poststop\"".utf8)
        return bytes.indices.contains { bytes[$0] == word[0] && bytes[$0...].starts(with: word) }
    }
}

/// A bundle that cannot be used.
struct BundleError: Error, Equatable, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}
