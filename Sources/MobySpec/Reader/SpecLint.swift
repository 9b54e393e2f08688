internal import Extents

/// Warns of valid entries that are probably mistakes; looks only at the spec.
struct SpecLint {
    private(set) var warnings: [Diagnostic] = []

    /// - Parameter remote: names of the files that came from the network.
    init(_ spec: Spec, remote: Set<String> = []) {
        for container in spec.containers {
            command(of: container)
            environment(of: container)
            destinations(of: container)
            limits(of: container)
        }
        for volume in spec.volumes { check(volume) }
        files(spec.files)
        trust(spec)
        if !remote.isEmpty { local(spec, remote) }
    }

    private mutating func warn(_ location: SourceLocation, _ message: String, hint: String? = nil) {
        warnings.append(Diagnostic(.warning, at: location, message, hint: hint))
    }

    private mutating func command(of container: ContainerSpec) {
        guard let command = container.options.command else { return }
        let location = container.options.locations["command[0]"] ?? container.location
        if command.count == 1, let only = command.first, only.hasPrefix("/"), only.contains(" ") {
            let words = ShellWords.list(ShellWords.split(only))
            warn(
                location,
                "'command' of '\(PlainText.short(container.name))' is one string with spaces; it is not split, because no shell runs it",
                hint: words.map { "write \($0)" } ?? "write one word a line with '- ' before it")
        }
        for (index, word) in command.enumerated() where word.count > 1 {
            guard let quote = word.first, quote == "\"" || quote == "'", word.last == quote else { continue }
            let location = container.options.locations["command[\(index)]"] ?? location
            warn(
                location,
                "'command[\(index)]' of '\(PlainText.short(container.name))' is quoted twice; no shell removes the inner quotes",
                hint: "remove the inner quotes")
        }
    }

    private mutating func environment(of container: ContainerSpec) {
        for (index, entry) in (container.options.env ?? []).enumerated() where !entry.contains("=") {
            warn(
                container.options.locations["env[\(index)]"] ?? container.location,
                "'env[\(index)]' of '\(PlainText.short(container.name))' is '\(PlainText.short(entry))', without '='",
                hint: "write NAME=value")
        }
    }

    /// Later mounts replace earlier ones with the same destination.
    private mutating func destinations(of container: ContainerSpec) {
        let options = container.options
        var seen = Set<String>()
        for (key, binds) in [("binds", options.binds), ("binds.add", options.bindsAdd)] {
            for (index, bind) in (binds ?? []).enumerated() where !seen.insert(bind.destination).inserted {
                warn(
                    options.locations["\(key)[\(index)]"] ?? container.location,
                    "'\(PlainText.short(container.name))' binds '\(PlainText.short(bind.destination))' twice; the last one wins"
                )
            }
        }
        if options.binds != nil, options.bindsAdd != nil { unheeded("binds", container) }
        if options.capabilities != nil, options.capabilitiesAdd != nil { unheeded("capabilities", container) }
    }

    /// What cgroup v1 had and v2, the only one of PID 1, has not; runc passes over it in silence. Without
    /// `disableOOMKiller`, which LinuxKit's examples have.
    private static let former: Set = [
        "resources.memory.kernel", "resources.memory.kernelTCP", "resources.memory.swappiness",
        "resources.cpu.realtimeRuntime", "resources.cpu.realtimePeriod", "resources.blockio.leafWeight",
        "resources.blockio.weightDevice.leafWeight", "resources.network",
    ]

    private mutating func limits(of container: ContainerSpec) {
        func found(_ keys: Set<String>) -> [(key: String, location: SourceLocation)] {
            container.options.locations.filter { keys.contains($0.key.replacing(#/\[[0-9]+\]\./#, with: ".")) }
                .sorted { $0.key < $1.key }.map { (key: $0.key, location: $0.value) }
        }
        for (key, location) in found(Self.former) {
            warn(
                location,
                "'\(key)' of '\(PlainText.short(container.name))' has no effect: cgroup v2 has no such setting")
        }
        for (key, location) in found(["mounts.uidmappings", "mounts.gidmappings"]) {
            warn(
                location, "'\(key)' of '\(PlainText.short(container.name))' has no effect with runc before 1.2",
                hint: "Debian 12, of which @moby:runc is made, has runc 1.1")
        }
    }

    private mutating func unheeded(_ key: String, _ container: ContainerSpec) {
        warn(
            container.options.locations["\(key).add"] ?? container.location,
            "'\(key).add' of '\(PlainText.short(container.name))' has no effect next to '\(key)'",
            hint: "put all of them under '\(key)'")
    }

    private mutating func check(_ volume: VolumeSpec) {
        let hasImage = volume.image.map { !$0.value.isEmpty } ?? false
        if volume.format == .oci, !hasImage {
            warn(volume.location, "volume '\(PlainText.short(volume.name))' has format 'oci' and no image: it is empty")
        }
        if volume.readonly, !hasImage, volume.device == nil {
            warn(
                volume.location,
                "volume '\(PlainText.short(volume.name))' is read-only and has no image: it stays empty")
        }
        if volume.format != .oci, !volume.platforms.isEmpty {
            warn(
                volume.location,
                "'platforms' of volume '\(PlainText.short(volume.name))' have no effect; they are for format 'oci'")
        }
    }

    private mutating func files(_ files: [FileSpec]) {
        var first: [String: SourceLocation] = [:]
        for file in files {
            if let earlier = first[file.path] {
                warn(
                    file.location,
                    "duplicate file '\(PlainText.short(file.path))' (first at \(earlier)); the last one wins")
            }
            first[file.path] = file.location
        }
    }

    private mutating func trust(_ spec: Spec) {
        guard spec.policy == nil, let trust = spec.trust, let demand = trust.demand else { return }
        warn(
            trust.location, "signatures are not verified, although 'trust' asks for it: \(demand)",
            hint: "name images by digest, image@sha256:…, and remove 'trust'; -disable-content-trust silences this")
    }

    /// A file from the network decides what of this machine goes into the image.
    private mutating func local(_ spec: Spec, _ remote: Set<String>) {
        func warn(_ location: SourceLocation, _ what: String) {
            guard remote.contains(location.file) else { return }
            self.warn(
                location, "a file from the network names \(what) of this machine",
                hint: "build it only if you trust where it comes from")
        }
        for file in spec.files {
            if case .source(let path) = file.content { warn(file.location, "the file '\(PlainText.short(path))'") }
        }
        for image in spec.images where ImageName.prefixes.contains(where: { image.value.hasPrefix($0) }) {
            warn(image.location, "the image '\(PlainText.short(image.value))'")
        }
    }
}
