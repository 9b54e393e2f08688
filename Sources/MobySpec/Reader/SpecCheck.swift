internal import Extents

/// What only shows when all files are merged: duplicate names, names of nothing.
struct SpecCheck {
    private(set) var found: [Diagnostic] = []
    private let containers: Set<String>
    private let volumes: [String: VolumeSpec]

    /// Names of volumes that could not be read.
    private let brokenVolumes: Set<String>

    /// - Parameters:
    ///   - declared: names by noun as ``Reading`` found them, the broken ones too.
    ///   - outputFormats: names that `outputs` may have; empty for any.
    ///   - notMade: names that are known and cannot be had, each with a hint.
    init(_ spec: Spec, declared: [String: Set<String>], outputFormats: [String] = [], notMade: [String: String] = [:]) {
        containers = ["onboot", "onshutdown", "service"].reduce(into: []) { $0.formUnion(declared[$1] ?? []) }
        volumes = Dictionary(spec.volumes.map { ($0.name, $0) }) { first, _ in first }
        brokenVolumes = (declared["volume"] ?? []).subtracting(volumes.keys)
        unique(spec.services.map { ($0.name, $0.location) }, "service")
        unique(spec.volumes.map { ($0.name, $0.location) }, "volume")
        for (section, list) in [("onboot", spec.onboot), ("onshutdown", spec.onshutdown), ("service", spec.services)] {
            for container in list where !container.name.isEmpty { check(container, section) }
        }
        for output in spec.outputs where !outputFormats.isEmpty { check(output.format, outputFormats, notMade) }
        for file in spec.files {
            let who = "file '\(PlainText.short(file.path))'"
            check(file.uid, "uid", of: who, at: file.location)
            check(file.gid, "gid", of: who, at: file.location)
        }
    }

    private mutating func fault(_ location: SourceLocation, _ message: String, hint: String? = nil) {
        found.append(Diagnostic(at: location, message, hint: hint))
    }

    private mutating func check(_ format: Located<String>, _ known: [String], _ notMade: [String: String]) {
        guard !known.contains(format.value) else { return }
        if let hint = notMade[format.value] {
            return fault(format.location, "output format '\(format.value)' is not made", hint: hint)
        }
        let guess = Spelling.closest(to: format.value, in: known).map { "did you mean '\($0)'? " } ?? ""
        fault(
            format.location, "unknown output format '\(PlainText.short(format.value))'",
            hint: guess + "formats: \(known.joined(separator: ", "))")
    }

    private mutating func unique(_ names: [(name: String, location: SourceLocation)], _ noun: String) {
        var first: [String: SourceLocation] = [:]
        for (name, location) in names where !name.isEmpty {
            if let earlier = first[name] {
                fault(
                    location, "duplicate \(noun) '\(PlainText.short(name))' (first at \(earlier))",
                    hint: "give one of them another name")
            } else {
                first[name] = location
            }
        }
    }

    private mutating func check(_ container: ContainerSpec, _ section: String) {
        let options = container.options
        let who = "\(section) '\(PlainText.short(container.name))'"
        func place(_ key: String) -> SourceLocation { options.locations[key] ?? container.location }
        if section == "service" {
            if options.timeout != nil { misplaced("timeout", who, "onboot and onshutdown", place("timeout")) }
        } else {
            if options.locations["restart"] != nil { misplaced("restart", who, "services", place("restart")) }
            if section == "onshutdown", options.onFailure != nil {
                misplaced("onfailure", who, "onboot and services", place("onfailure"))
            }
        }
        check(options.uid, "uid", of: who, at: place("uid"))
        check(options.gid, "gid", of: who, at: place("gid"))
        for (index, group) in (options.additionalGids ?? []).enumerated() {
            check(group, "additionalGids", of: who, at: place("additionalGids[\(index)]"))
        }
        for (key, binds) in [("binds", options.binds), ("binds.add", options.bindsAdd)] {
            for (index, text) in (binds ?? []).enumerated() {
                guard let bind = BindText(text) else { continue }
                check(
                    volume: bind.source, isReadonly: bind.options?.contains("ro") ?? false, who,
                    at: place("\(key)[\(index)]"))
            }
        }
        for (key, mounts) in [("mounts", options.mounts), ("runtime.mounts", options.runtime?.mounts)] {
            for (index, mount) in (mounts ?? []).enumerated() { check(mount, who, at: place("\(key)[\(index)]")) }
        }
    }

    private mutating func check(_ mount: MountSpec, _ who: String, at location: SourceLocation) {
        let options = mount.options ?? []
        guard mount.type == "bind" || options.contains("bind") || options.contains("rbind"), let source = mount.source,
            !source.isEmpty
        else { return }
        let readonly = options.firstIndex(of: "ro") ?? .max
        check(volume: source, isReadonly: readonly < options.firstIndex(of: "rw") ?? .max, who, at: location)
    }

    /// A source that is no absolute path is a volume; one that is read-only must be used so.
    private mutating func check(volume name: String, isReadonly: Bool, _ who: String, at location: SourceLocation) {
        guard !name.hasPrefix("/"), !brokenVolumes.contains(name) else { return }
        guard let volume = volumes[name] else {
            let guess = Spelling.closest(to: name, in: volumes.keys.sorted())
            fault(
                location, "\(who) uses the volume '\(PlainText.short(name))', which does not exist",
                hint: guess.map { "did you mean '\($0)'?" } ?? "declare it under 'volumes', or begin a path with '/'")
            return
        }
        if volume.readonly, !isReadonly {
            fault(
                location, "\(who) writes to the read-only volume '\(PlainText.short(name))'",
                hint: "add the option 'ro', or remove 'readonly' from the volume")
        }
    }

    private mutating func check(_ identity: Identity?, _ key: String, of who: String, at location: SourceLocation) {
        guard case .container(let name)? = identity, !containers.contains(name) else { return }
        let guess = Spelling.closest(to: name, in: containers.sorted())
        let isNumber = UInt32(name) != nil
        fault(
            location, "'\(key)' of \(who) is '\(PlainText.short(name))', but no container has that name",
            hint: isNumber
                ? "remove the quotes: \(PlainText.short(name))"
                : guess.map { "did you mean '\($0)'?" } ?? "write a number; names of users in images are not known")
    }

    private mutating func misplaced(_ key: String, _ who: String, _ where: String, _ location: SourceLocation) {
        fault(location, "'\(key)' of \(who) has no effect; it is for \(`where`)", hint: "remove it")
    }
}
