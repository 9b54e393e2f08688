internal import Extents

/// What is allowed and yet most likely not meant. Nothing outside of the spec is looked at.
struct SpecLint {
    private(set) var warnings: [Diagnostic] = []

    init(_ spec: Spec) {
        for container in spec.onboot + spec.onshutdown + spec.services {
            command(of: container)
            environment(of: container)
            destinations(of: container)
        }
        for volume in spec.volumes { check(volume) }
        files(spec.files)
    }

    private mutating func warn(_ location: SourceLocation, _ message: String, hint: String? = nil) {
        warnings.append(Diagnostic(.warning, at: location, message, hint: hint))
    }

    private mutating func command(of container: ContainerSpec) {
        guard let command = container.options.command else { return }
        let place = container.options.locations["command[0]"] ?? container.location
        if command.count == 1, let only = command.first, only.hasPrefix("/"), only.contains(" ") {
            let words = only.split(separator: " ").map { "\"\($0)\"" }.joined(separator: ", ")
            warn(place, "'command' of '\(container.name)' is one word with spaces, and no shell splits it", hint: "write [\(words)]")
        }
        for (index, word) in command.enumerated() where word.count > 1 {
            guard let quote = word.first, quote == "\"" || quote == "'", word.last == quote else { continue }
            let place = container.options.locations["command[\(index)]"] ?? place
            warn(
                place, "'command[\(index)]' of '\(container.name)' has quotes in it, and no shell removes them",
                hint: "remove the inner quotes")
        }
    }

    private mutating func environment(of container: ContainerSpec) {
        for (index, entry) in (container.options.env ?? []).enumerated() where !entry.contains("=") {
            warn(
                container.options.locations["env[\(index)]"] ?? container.location,
                "'env[\(index)]' of '\(container.name)' is '\(PlainText.short(entry))', and has no '='", hint: "write NAME=value")
        }
    }

    /// Later mounts replace earlier ones with the same destination.
    private mutating func destinations(of container: ContainerSpec) {
        let options = container.options
        var seen = Set<String>()
        for (key, binds) in [("binds", options.binds), ("binds.add", options.bindsAdd)] {
            for (index, text) in (binds ?? []).enumerated() {
                guard let bind = BindText(text), !seen.insert(bind.destination).inserted else { continue }
                warn(
                    options.locations["\(key)[\(index)]"] ?? container.location,
                    "'\(container.name)' binds '\(bind.destination)' twice; the last one counts")
            }
        }
        if options.binds != nil, options.bindsAdd != nil { unheeded("binds", container) }
        if options.capabilities != nil, options.capabilitiesAdd != nil { unheeded("capabilities", container) }
    }

    private mutating func unheeded(_ key: String, _ container: ContainerSpec) {
        warn(
            container.options.locations["\(key).add"] ?? container.location,
            "'\(key).add' of '\(container.name)' has no effect, since there is '\(key)' too", hint: "put all of them under '\(key)'")
    }

    private mutating func check(_ volume: VolumeSpec) {
        let hasImage = volume.image.map { !$0.value.isEmpty } ?? false
        if volume.format == "oci", !hasImage { warn(volume.location, "volume '\(volume.name)' has format 'oci' but no image: it is empty") }
        if volume.readonly, !hasImage { warn(volume.location, "volume '\(volume.name)' is read-only but has no image: it stays empty") }
        if volume.format != "oci", !volume.platforms.isEmpty {
            warn(volume.location, "volume '\(volume.name)' has 'platforms', which count for format 'oci' only")
        }
    }

    private mutating func files(_ files: [FileSpec]) {
        var first: [String: SourceLocation] = [:]
        for file in files {
            if let earlier = first[file.path] {
                warn(file.location, "file '\(file.path)' stands twice, first at \(earlier); the last one counts")
            }
            first[file.path] = file.location
        }
    }
}
