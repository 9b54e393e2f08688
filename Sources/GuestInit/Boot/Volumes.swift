internal import BootLayout

/// Mounts the volumes that containers share.
struct Volumes {
    let environment: ContainerEnvironment

    func mountAll() {
        for name in Files.names(in: BootLayout.volumes) {
            let folder = BootLayout.volumes + "/" + name
            let bundle = Bundle(path: folder)
            var record = RuntimeRecord()
            record.mounts = Self.mounts(of: folder, isWritable: Files.isDirectory(folder + "/tmp"))
            do { try environment.preparation(bundle).perform(record) } catch {
                environment.console.say("volume \(name): \(error)")
            }
        }
    }

    /// A writable volume keeps its changes in memory; a read-only one is bound where it is used.
    static func mounts(of folder: String, isWritable: Bool) -> [RuntimeRecord.Mount] {
        let (lower, merged) = (folder + "/lower", folder + "/merged")
        guard isWritable else { return [.init(destination: merged, source: lower, options: ["bind", "ro"])] }
        let tmp = folder + "/tmp"
        return [
            .init(destination: tmp, type: "tmpfs", source: "tmpfs"),
            .init(
                destination: merged, type: "overlay", source: "overlay",
                options: ["relatime", "lowerdir=" + lower, "upperdir=\(tmp)/upper", "workdir=\(tmp)/work"]),
        ]
    }
}
