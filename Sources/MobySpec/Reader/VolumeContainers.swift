internal import BootLayout

/// The onboot containers that the volumes on disks need: they come first, so that all others find the disks mounted.
struct VolumeContainers {
    private let resolve: (PackageTemplate) throws -> String
    private(set) var problems: [Diagnostic] = []

    init(_ resolve: @escaping (PackageTemplate) throws -> String) { self.resolve = resolve }

    mutating func add(to spec: inout Spec) {
        let present = Set(spec.onboot.map(\.name))
        var added: [ContainerSpec] = []
        for volume in spec.volumes {
            guard let device = volume.device else { continue }
            // The merged spec, which a build can write out, has them already.
            for (image, command) in Self.commands(volume, device) where !present.contains(Self.name(image, volume)) {
                if let container = container(image, command, volume) { added.append(container) }
            }
        }
        spec.onboot = added + spec.onboot
    }

    private static func name(_ image: String, _ volume: VolumeSpec) -> String { "\(image)-\(volume.name)" }

    private static func commands(_ volume: VolumeSpec, _ device: VolumeDevice) -> [(image: String, command: [String])] {
        let point = "\(VolumeTable.disks)/\(volume.name)"
        let mount = ["/usr/bin/mount"] + (volume.readonly ? ["-options", "ro"] : ["-grow"])
        var commands: [(String, [String])] = []
        if let type = volume.format.fileSystem {
            let format = ["/usr/bin/format", "-type", type]
            switch device {
            case .label(let label): commands.append(("format", format + ["-label", label]))
            case .path(let path): commands.append(("format", format + ["-partition", "none", path]))
            case .uuid: break
            }
        }
        switch device {
        case .label(let label): commands.append(("mount", mount + ["-label", label, point]))
        case .uuid(let uuid): commands.append(("mount", mount + ["-uuid", uuid, point]))
        case .path(let path): commands.append(("mount", mount + [path, point]))
        }
        return commands
    }

    private mutating func container(_ image: String, _ command: [String], _ volume: VolumeSpec) -> ContainerSpec? {
        do {
            let reference = try resolve(.installed(image))
            var container = ContainerSpec(
                name: Self.name(image, volume), image: Located(reference, at: volume.location),
                location: volume.location)
            container.options.command = command
            // Rather than write the data of a disk into memory.
            container.options.onFailure = .poweroff
            return container
        } catch {
            problems.append(
                Diagnostic(at: volume.location, "volume '\(volume.name)' needs @moby:\(image): \(error)"))
            return nil
        }
    }
}
